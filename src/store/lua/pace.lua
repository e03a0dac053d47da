#!lua flags=allow-oom
--[[
  pace: let attempts begin, at most so many within any time of one length, over
  all monitors.

  KEYS[1]  pace  when the last attempts to a destination began, oldest first

  ARGV[1]  span   how long that time is, ms
  ARGV[2]  batch  how many may begin in it
  ARGV[3]  want   how many are to begin now
  ARGV[4]  back   how many of those let in before did not begin after all
  ARGV[5]  at     when those were let in

  Output: {how many may begin, now, ms until more may, how many more may now}

  What began longer ago than the span is forgotten, so the list is never longer
  than a batch, and what is left of it is how much room there is. It may use
  memory beyond maxmemory: a full Redis must drain.
]]
--- @include "clock"

local pace = KEYS[1]
local span, batch = tonumber(ARGV[1]), tonumber(ARGV[2])
local want, back, at = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]

local call = redis.call
local now = clock()
local this_moment = string.format('%d', now)

if back > 0 then call('LREM', pace, -back, at) end

-- A clock that was put back must not stop everything until it is that late again: what began later than now began now.
local ahead = 0
while tonumber(call('LINDEX', pace, -1) or 0) > now do
  call('RPOP', pace)
  ahead = ahead + 1
end
for _ = 1, ahead do call('RPUSH', pace, this_moment) end

-- Some at a time: a whole batch may be over at once.
local SOME = 128
local over
repeat
  over = 0
  for _, began in ipairs(call('LRANGE', pace, 0, SOME - 1)) do
    if tonumber(began) + span > now then break end
    over = over + 1
  end
  if over > 0 then call('LTRIM', pace, over, -1) end
until over < SOME
local oldest = tonumber(call('LINDEX', pace, 0))

local room = math.max(batch - call('LLEN', pace), 0)
local granted = math.min(want, room)
for _ = 1, granted do call('RPUSH', pace, this_moment) end
return {granted, now, (oldest or now) + span - now, room - granted}
