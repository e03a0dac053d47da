#!lua flags=allow-oom
--[[
  beat: note that a daemon lives, and forget those that have not for long.

  KEYS[1]  daemons  by id: its last sign, since when it runs, and what it says

  ARGV[1]  id
  ARGV[2]  up     how long it has run, ms
  ARGV[3]  about  JSON: its name, its role, its version, what stands still in it
  ARGV[4]  keep   how long after its last sign a daemon is remembered, ms

  Output: the time, ms since 1970

  A value is "<last sign> <since> <about>", by Redis's clock. It takes the place of
  the one before, and its kind is trimmed here, so it fills nothing: it may be
  written beyond maxmemory, where monitors are at work as ever.
]]
--- @include "clock"

local daemons, id, up, about, keep = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])

local now = clock()

redis.call('HSET', daemons, id, string.format('%d %d %s', now, now - up, about))
local all = redis.call('HGETALL', daemons)
for i = 1, #all, 2 do
  local sign = tonumber(string.match(all[i + 1], '^%d+'))
  -- One of the future was written before the clock was put back.
  if not sign or math.abs(now - sign) > keep then
    redis.call('HDEL', daemons, all[i])
  end
end
return now
