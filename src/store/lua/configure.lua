#!lua
--[[
  configure: write or remove a buffer or a destination.

  KEYS[1]  config  a field for each, and the version
  KEYS[2]  audit   who changed what

  ARGV[1]  field   such as buffer:loja
  ARGV[2]  spec    JSON; empty = remove
  ARGV[3]  mode    new: it must not be there; known: it must; any
  ARGV[4]  base    the version that this was made from; empty = any
  ARGV[5]  act     what to write into the audit, JSON; empty = nothing
  ARGV[6]  most    entries of the audit

  Output: the version; 0 when it was (not) there; -1 when the version is
          another than the base. With either nothing changed

  Each value is "<version> <spec>": the version that wrote it.
]]
local config, audit = KEYS[1], KEYS[2]
local field, spec, mode, base, act = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

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
if act ~= '' then
  redis.call('XADD', audit, 'MAXLEN', '~', ARGV[6], '*', 'act', act)
end
return version
