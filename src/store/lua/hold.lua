#!lua
--[[
  hold: a typing signal moves the deadline of an open window, never past its cap.
  The end of a typing that did not hold the window moves nothing.

  KEYS[1]  timer   set anew, to expire at the deadline
  KEYS[2]  window  its head tells cap, quiet window and kind
  KEYS[3]  due     open windows by deadline
  KEYS[4]  moved   how far this shard was moved with a clock that was set back,
                   and what was set since: see move

  ARGV[1]  member  the chat in the due index
  ARGV[2]  hold    how long a typing person is waited for, ms; empty = stopped
                   typing: the quiet window starts again, and a window that
                   no message restarts gets its own deadline back
  ARGV[3]  look ahead  a sweep looks again within so many ms: what falls due
                       sooner must wake it
  ARGV[4]  expected   what time it would be, had the clock not been set back since
  ARGV[5]  back       it had been by so many ms in all
  ARGV[6]  least      a smaller step back is none, ms

  Output: {ms until the deadline, or -1 when no window is open,
           1: the window was held or let go of; 0: it stays as it was}

  A window that has passed its deadline but is not closed yet is open again:
  the person is still writing, and one answer is better than two.
]]
--- @include "clock"
--- @include "left_to_move"
--- @include "note_set"
--- @include "set_back_by"
--- @include "wake"
--- @include "window_back"
--- @include "window_head"

local timer, window, due, moved = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local member, hold = ARGV[1], tonumber(ARGV[2])

local now = clock()

local set_back = set_back_by(moved, now, ARGV[4], ARGV[5], ARGV[6])

local head = redis.call('LINDEX', window, 0)
if not head then return {-1, 0} end
local opened, cap, quiet, bytes, count, deadline, kind, text, reason, behind = struct.unpack(HEAD, head)
local typing, before, rule = read_told(head, behind)
local held = kind >= HELD
if held then kind = kind - HELD end

local what = 'windows ' .. member
if set_back then
  local step = left_to_move(moved, what, set_back)
  -- Where it goes by the clock as it was, it is moved here, and not again.
  if step > tonumber(ARGV[6]) then
    opened, cap, deadline = window_back(step, opened, cap, deadline)
    if before > 0 then before = math.max(before - step, 1) end
  end
  if hold or held then note_set(moved, what, set_back) end
end
-- Not written: whoever comes or goes without typing says nothing, and the quiet lasts.
if not hold and not held then return {math.max(deadline - now, 0), 0} end

local at = now + quiet
if hold then
  at = math.max(now + hold, deadline)
elseif kind ~= RESTARTS then
  at = math.max(opened + quiet, now)
end
if at >= cap then
  at = cap
  if reason == 'quiet' then reason = 'cap' end
elseif reason == 'cap' then
  reason = 'quiet'
end

if before == 0 then before = deadline end
local packed = struct.pack(HEAD, opened, cap, quiet, bytes, count, at, hold and kind + HELD or kind, text, reason)
redis.call('LSET', window, 0, packed .. told(typing, before, rule))
redis.call('SET', timer, '', 'PXAT', math.max(at, now + 1))
redis.call('ZADD', due, at, member)
if at - now < tonumber(ARGV[3]) then wake(due) end
return {math.max(at - now, 0), 1}
