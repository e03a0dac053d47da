#!lua
--[[
  configure: write a buffer, a destination, a schedule or a setting.

  KEYS[1]  config  a field for each, and the version
  KEYS[2]  audit   who changed what
  KEYS[3]  lives   of buffers, destinations and schedules: of each the version
                   that began its life; behind it, where it is being removed, how

  ARGV[1]  field   such as buffer:loja
  ARGV[2]  spec    JSON, or sealed; empty = none: the field goes
  ARGV[3]  mode    new: it must not be there; known: it must; any
  ARGV[4]  base    the version that this was made from; empty = any
  ARGV[5]  act     what to write into the audit, JSON; empty = nothing
  ARGV[6]  most    entries of the audit
  ARGV[7]  lives   1: it has a life, which begins when it is first written

  Output: the version; 0 when it was (not) there; -1 when the version is
          another than the base; -2 when it is being removed. With any of them
          nothing changed

  Each value is "<version> <spec>": the version that wrote it.
]]
local config, audit, lives = KEYS[1], KEYS[2], KEYS[3]
local field, spec, mode, base, act = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

-- What somebody else wrote meanwhile may name what this removes, or hold what this would overwrite.
if base ~= '' and base ~= (redis.call('HGET', config, 'version') or '0') then
  return -1
end

local there = redis.call('HEXISTS', config, field) == 1
if there and string.find(redis.call('HGET', lives, field) or '', ' removing ', 1, true) then
  return -2
end
if mode == 'new' and there or mode == 'known' and not there then
  return 0
end
local version = redis.call('HINCRBY', config, 'version', 1)
if spec == '' then
  redis.call('HDEL', config, field)
else
  redis.call('HSET', config, field, string.format('%d', version) .. ' ' .. spec)
end
if ARGV[7] == '1' and not there then
  redis.call('HSET', lives, field, string.format('%d', version))
end
if act ~= '' then
  redis.call('XADD', audit, 'MAXLEN', '~', ARGV[6], '*', 'act', act)
end
return version
