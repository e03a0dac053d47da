#!lua flags=allow-oom
--[[
  miss: note that the next run of a schedule fell due while all was stopped.

  KEYS[1]  items   of what waits its time and what it holds

  ARGV[1]  member   the schedule among the items
  ARGV[2]  planned  the time that this goes by
  ARGV[3]  mark     of the moments that this goes by; empty = those of a plan that
                    has none

  Output: 1 if this noted it; 0 when it was noted already, when another monitor has
          made the run, or when the schedule has changed

  The item gets the word "missed" at its end. Its time stays, and the run stays due.
  It grows once by one word, so a Redis that is full takes it, too.
]]
local items, member, planned, mark = KEYS[1], ARGV[1], ARGV[2], ARGV[3]

local item = redis.call('HGET', items, member)
local at, known, rest = string.match(item or '', '^(%d+) %d+ ?(%S*)(.*)$')
if at ~= planned or known ~= mark or string.find(rest, ' missed', 1, true) then
  return 0
end
-- A plan of an older release has no mark: its place stays empty.
local gap = string.find(item, '^%d+ %d+$') and '  ' or ' '
redis.call('HSET', items, member, item .. gap .. 'missed')
return 1
