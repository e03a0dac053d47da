#!lua flags=allow-oom
--[[
  pace: let attempts begin, at most so many in each interval over all monitors.

  KEYS[1]  pace  the interval of each destination and how many began in it

  ARGV[1]  destination
  ARGV[2]  every  how long an interval lasts, ms
  ARGV[3]  batch  how many may begin in one
  ARGV[4]  want   how many are to begin now
  ARGV[5]  back   how many of those let in before did not begin after all
  ARGV[6]  of     the interval that those were let in by

  Output: {how many may begin, when the interval began, ms until the next one,
           how many more may begin in this one}

  Each value is "<began> <used>". Intervals follow each other to the millisecond
  while there is work for all of each; after one that was not used up, the next
  begins with the first attempt. What is given back late is gone, for it was of
  an interval that is over. It may use memory beyond maxmemory: a full Redis must
  drain.
]]
local pace, destination = KEYS[1], ARGV[1]
local every, batch = tonumber(ARGV[2]), tonumber(ARGV[3])
local want, back, of = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local began, used = string.match(redis.call('HGET', pace, destination) or '', '^(%d+) (%d+)$')
began, used = tonumber(began or 0), tonumber(used or 0)
if began == of then used = math.max(used - back, 0) end

local is_over = now >= began + every
-- A clock that was put back must not stop everything until it is that late again.
if began > now or is_over and (used < batch or now >= began + 2 * every) then
  began, used = now, 0
elseif is_over then
  began, used = began + every, 0
end

local granted = math.max(math.min(want, batch - used), 0)
if want > 0 or began == of then
  redis.call('HSET', pace, destination, string.format('%d %d', began, used + granted))
end
return {granted, began, began + every - now, math.max(batch - used - granted, 0)}
