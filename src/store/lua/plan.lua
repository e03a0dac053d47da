#!lua
--[[
  plan: set when a schedule runs next, or that it does not.

  KEYS[1]  later  what waits for its time, by when
  KEYS[2]  items  of each its time and what it holds
  KEYS[3]  alive  marks of schedules, by their lives

  ARGV[1]  member   the schedule in the index
  ARGV[2]  version  of the schedule that this goes by
  ARGV[3]  at       its next time; empty = none
  ARGV[4]  look ahead  a sweep with nothing before it looks again within so many
                       ms: what falls due sooner must wake it
  ARGV[5]  mark     of the moments that it runs at
  ARGV[6]  field    of the schedule among the marks; empty = it is always there
  ARGV[7]  life     the mark that it must have, where there is a next time

  Output: 1 if this changed anything; -1 when the schedule is not there (any more),
          or has another life: then nothing changed

  The item is "<time> <version> <mark>". What was planned by the same or a newer
  version stays: several monitors plan, and some know the newest a moment later.
  A newer version with the same mark leaves the time as it is, for it may have
  passed while nobody could make the run. A plan without a mark is one of an
  older release, and is given that of its version. One that was moved because the
  clock was set back has the word "moved" at its end, for its time is none of the
  schedule's; one that fell due while all was stopped has "missed".
]]
--- @include "clock"
--- @include "has_mark"
--- @include "wake"

local later, items, alive = KEYS[1], KEYS[2], KEYS[3]
local member, version, at, mark = ARGV[1], ARGV[2], ARGV[3], ARGV[5]

-- A monitor that was held up would leave a time that the next schedule of this name takes for its own.
if at ~= '' and not has_mark(alive, ARGV[6], ARGV[7]) then return -1 end
local time, by, known, rest = string.match(redis.call('HGET', items, member) or '', '^(%d+) (%d+) ?(%S*)(.*)$')
by = tonumber(by)
local is_own = by == tonumber(version)
if by and (by > tonumber(version) or is_own and known ~= '' and at ~= '') then
  return 0
end
if at == '' then
  redis.call('ZREM', later, member)
  return redis.call('HDEL', items, member)
end
if known == mark or is_own and known == '' then
  redis.call('HSET', items, member, time .. ' ' .. version .. ' ' .. mark .. rest)
  return 1
end
redis.call('HSET', items, member, at .. ' ' .. version .. ' ' .. mark)
redis.call('ZADD', later, at, member)
if at - clock() < tonumber(ARGV[4]) then wake(later) end
return 1
