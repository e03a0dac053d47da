#!lua
--[[
  extend: an operator lets an open window wait longer, never past its cap.

  KEYS[1]  timer   set anew, to expire at the deadline
  KEYS[2]  window  its head tells deadline and cap
  KEYS[3]  due     open windows by deadline
  KEYS[4]  moved   how far this shard was moved with a clock that was set back,
                   and what was set since: see move

  ARGV[1]  member  the chat in the due index
  ARGV[2]  by      how much longer, ms
  ARGV[3]  expected   what time it would be, had the clock not been set back since
  ARGV[4]  back       it had been by so many ms in all
  ARGV[5]  least      a smaller step back is none, ms

  Output: {ms until the deadline, or -1 when no window is open, messages,
           by how many ms the deadline was moved}

  A window that has passed its deadline but is not closed yet waits from now on.
  What comes later sets the deadline as ever. Nobody has to be woken: it falls due
  later than it would have.
]]
--- @include "clock"
--- @include "left_to_move"
--- @include "note_set"
--- @include "set_back_by"
--- @include "window_back"
--- @include "window_head"

local timer, window, due, moved = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local member, by, least = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[5])

local now = clock()

local head = redis.call('LINDEX', window, 0)
if not head then return {-1, 0, 0} end
local opened, cap, quiet, bytes, count, deadline, kind, text, reason, behind = struct.unpack(HEAD, head)
local typing, before, rule = read_told(head, behind)

local set_back = set_back_by(moved, now, ARGV[3], ARGV[4], ARGV[5])
local what = 'windows ' .. member
if set_back then
  local step = left_to_move(moved, what, set_back)
  if step > least then
    opened, cap, deadline = window_back(step, opened, cap, deadline)
    if before > 0 then before = math.max(before - step, 1) end
  end
end

local from = math.max(deadline, now)
local at = math.min(from + by, cap)
-- Not written: it is at its cap already, or full.
if at <= from then return {math.max(deadline - now, 0), count, 0} end

if set_back then note_set(moved, what, set_back) end
if at == cap and reason == 'quiet' then reason = 'cap' end
-- What typing alone has held stays what it was.
if before > 0 then before = before + at - from end
redis.call('LSET', window, 0, struct.pack(HEAD, opened, cap, quiet, bytes, count, at, kind, text, reason) .. told(typing, before, rule))
redis.call('SET', timer, '', 'PXAT', at)
redis.call('ZADD', due, string.format('%d', at), member)
return {at - now, count, at - from}
