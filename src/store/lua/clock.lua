#!lua flags=allow-oom
--[[
  clock: compare the clock with the newest time that is known, and note it.

  KEYS[1]  known     the newest time, how far the clock was set back in all, when
                     that was last found, and by how much; how far it went ahead,
                     and when that was found
  KEYS[2]  reviving  revivals by when somebody else is to carry them on

  ARGV[1]  most  a smaller step back is none, ms
  ARGV[2]  left  how long a revival is left to whoever carries it on, ms
  ARGV[3]  seen  the newest time that the caller has seen
  ARGV[4]  back  how far the clock was set back in all then, ms
  ARGV[5]  ahead  how far the caller has seen it go ahead at once since, ms; 0 = not
  ARGV[6]  keep   for so long a jump ahead counts, ms

  Output: {now, ms that the clock has been set back by since the last look, ms in
           all, ms that it went ahead by, when that was found}

  All times that are stored come from this clock. Where it is set back, what
  waits would stand still until it is that late again: see set_back. It may use
  memory beyond maxmemory: these few fields are all that it ever writes.
]]
--- @include "clock"

local known, reviving = KEYS[1], KEYS[2]
local call, format = redis.call, string.format

local now = clock()

local newest = tonumber(call('HGET', known, 'newest') or 0)

local ahead, found = unpack(call('HMGET', known, 'ahead', 'ahead_found'))
ahead, found = tonumber(ahead or 0), tonumber(found or 0)
-- Else somebody has noted the time since, and found it, too.
if tonumber(ARGV[5]) > 0 and newest <= now - ARGV[5] then
  if found + ARGV[6] <= now - ARGV[5] then ahead = 0 end
  ahead, found = ahead + ARGV[5], now
  call('HSET', known, 'ahead', format('%d', ahead), 'ahead_found', format('%d', found))
end

-- Else it was seen before a jump that somebody has found already.
if tonumber(call('HGET', known, 'back') or 0) == tonumber(ARGV[4]) then
  newest = math.max(newest, tonumber(ARGV[3]))
end
local step = 0
if newest - now > tonumber(ARGV[1]) then step = newest - now end
if now > newest or step > 0 then
  call('HSET', known, 'newest', format('%d', now))
end
if step > 0 then
  call('HSET', known, 'since', format('%d', now), 'step', format('%d', step))
  local latest = format('%d', now + ARGV[2])
  for _, id in ipairs(call('ZRANGE', reviving, '(' .. latest, '+inf', 'BYSCORE')) do
    call('ZADD', reviving, 'XX', latest, id)
  end
end
local all = call('HINCRBY', known, 'back', format('%d', step))
return {now, step, all, ahead, found}
