#!lua flags=allow-oom
--[[
  disuse: remove a buffer or a destination that nobody has used for a while.

  KEYS[1]  config  a field for each, and the version
  KEYS[2]  used    when each was last used

  ARGV[1]  field   such as buffer:c-0123456789abcdef
  ARGV[2]  age     ms that it must not have been used for

  Output: 1 if it is gone, 0 if somebody has used it after all
]]
local config, used = KEYS[1], KEYS[2]
local field = ARGV[1]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('ZSCORE', used, field) or now)
if now - last < tonumber(ARGV[2]) then
  return 0
end
redis.call('ZREM', used, field)
if redis.call('HDEL', config, field) == 1 then
  redis.call('HINCRBY', config, 'version', 1)
end
return 1
