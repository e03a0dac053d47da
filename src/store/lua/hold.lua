#!lua
--[[
  hold: a typing signal moves the deadline of an open window, never past its cap.

  KEYS[1]  timer   set anew, to expire at the deadline
  KEYS[2]  window  its head tells cap, quiet window and kind
  KEYS[3]  due     open windows by deadline

  ARGV[1]  member  the chat in the due index
  ARGV[2]  hold    how long a typing person is waited for, ms; empty = stopped
                   typing: the quiet window starts again, and a window that
                   no message restarts gets its own deadline back
  ARGV[3]  look ahead  a sweep looks again within so many ms: what falls due
                       sooner must wake it

  Output: ms until the deadline, or -1 when no window is open

  A window that has passed its deadline but is not closed yet is open again:
  the person is still writing, and one answer is better than two.
]]
local timer, window, due = KEYS[1], KEYS[2], KEYS[3]
local member, hold = ARGV[1], tonumber(ARGV[2])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local head = redis.call('LINDEX', window, 0)
if not head then return -1 end
local HEAD = '>ddddddBss'
local opened, cap, quiet, bytes, count, deadline, kind, text, reason = struct.unpack(HEAD, head)

local RESTARTS = 0
local moved = now + quiet
if hold then
  moved = math.max(now + hold, deadline)
elseif kind ~= RESTARTS then
  moved = math.max(opened + quiet, now)
end
if moved >= cap then
  moved = cap
  if reason == 'quiet' then reason = 'cap' end
elseif reason == 'cap' then
  reason = 'quiet'
end

redis.call('LSET', window, 0, struct.pack(HEAD, opened, cap, quiet, bytes, count, moved, kind, text, reason))
redis.call('SET', timer, '', 'PXAT', math.max(moved, now + 1))
redis.call('ZADD', due, moved, member)
if moved - now < tonumber(ARGV[3]) then
  -- Only a hint: see append.
  redis.pcall('PUBLISH', 'lull:wake', '')
end
return math.max(moved - now, 0)
