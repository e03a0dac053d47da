#!lua flags=allow-oom
--[[
  revival: note how far a revival is, or that it is over.

  KEYS[1]  reviving  revivals by when somebody else is to carry them on
  KEYS[2]  revivals  what was asked of each, and how far it is

  ARGV[1]  id        of the revival
  ARGV[2]  far       JSON of what was asked, and how far it is; empty = it is over
  ARGV[3]  ahead     how long it is left to whoever carries it on, ms

  Output: 1, or 0 when it is over already

  Whoever carries it on and is not heard from for so long has died.
]]
--- @include "clock"

local reviving, revivals = KEYS[1], KEYS[2]
local id, far = ARGV[1], ARGV[2]

if far == '' then
  redis.call('ZREM', reviving, id)
  return redis.call('HDEL', revivals, id)
end
if redis.call('HEXISTS', revivals, id) == 0 then
  redis.call('ZREM', reviving, id)
  return 0
end
local now = clock()
redis.call('HSET', revivals, id, far)
redis.call('ZADD', reviving, string.format('%d', now + ARGV[3]), id)
return 1
