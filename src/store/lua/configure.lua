#!lua
--[[
  configure: write or remove a buffer or a destination.

  KEYS[1]  config  a field for each, and the version

  ARGV[1]  field   such as buffer:loja
  ARGV[2]  spec    JSON; empty = remove
  ARGV[3]  mode    new: it must not be there; known: it must; any

  Output: the version, or 0 when it was (not) there and nothing changed

  Each value is "<version> <spec>": the version that wrote it.
]]
local config = KEYS[1]
local field, spec, mode = ARGV[1], ARGV[2], ARGV[3]

local there = redis.call('HEXISTS', config, field) == 1
if mode == 'new' and there or mode == 'known' and not there then
  return 0
end
local version = redis.call('HINCRBY', config, 'version', 1)
if spec == '' then
  redis.call('HDEL', config, field)
else
  redis.call('HSET', config, field, string.format('%d', version) .. ' ' .. spec)
end
return version
