#!lua flags=allow-oom
--[[
  renew: begin the life of something anew, beyond a mark that should not be.

  KEYS[1]  config  its version
  KEYS[2]  lives   of each the version that began its life

  ARGV[1]  field   such as buffer:loja
  ARGV[2]  life    that it must have
  ARGV[3]  beyond  the new one is later than this

  Output: the new life, or 0 when it has another one already

  Marks are ahead of the configuration only where a part of Redis was emptied or
  brought back from a copy.
]]
local config, lives, field = KEYS[1], KEYS[2], ARGV[1]

if redis.call('HGET', lives, field) ~= ARGV[2] then
  return 0
end
local version = tonumber(redis.call('HGET', config, 'version') or 0)
version = math.max(version, tonumber(ARGV[3])) + 1
local text = string.format('%d', version)
redis.call('HSET', config, 'version', text)
redis.call('HSET', lives, field, text)
return version
