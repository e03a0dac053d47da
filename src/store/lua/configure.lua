#!lua
--[[
  configure: write or remove a buffer or a destination.

  KEYS[1]  config  a field for each, and the version

  ARGV[1]  field   such as buffer:loja
  ARGV[2]  spec    JSON; empty = remove
  ARGV[3]  mode    new: it must not be there; known: it must; any
  ARGV[4]  base    the version that this was made from; empty = any

  Output: the version; 0 when it was (not) there; -1 when the version is
          another than the base. With either nothing changed

  Each value is "<version> <spec>": the version that wrote it.
]]
local config = KEYS[1]
local field, spec, mode, base = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

-- What somebody else wrote meanwhile may name what this removes, or hold what this would overwrite.
if base ~= '' and base ~= (redis.call('HGET', config, 'version') or '0') then
  return -1
end

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
