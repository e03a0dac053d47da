#!lua flags=allow-oom
--[[
  revoke_key: forget a key, so that it opens nothing any more.

  KEYS[1]  keys   see make_key
  KEYS[2]  audit  who changed what

  ARGV[1]  name
  ARGV[2]  version  that nobody has used before
  ARGV[3]  act      what to write into the audit, JSON
  ARGV[4]  entries  of the audit at the most

  Output: 1; 0: there is none of this name, and nothing changed

  It frees what it writes, but for an entry of the audit, which is bounded.
]]
local keys, audit = KEYS[1], KEYS[2]
local name, version = ARGV[1], ARGV[2]

if redis.call('HDEL', keys, 'key:' .. name) == 0 then
  return 0
end
redis.call('HDEL', keys, 'used:' .. name)
redis.call('HSET', keys, 'version', version)
redis.call('XADD', audit, 'MAXLEN', '~', ARGV[4], '*', 'act', ARGV[3])
return 1
