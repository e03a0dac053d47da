#!lua flags=allow-oom
--[[
  make_key: keep a key that was made, or the first one where there is none at all.

  KEYS[1]  keys   key:<name>: each key; used:<name>: when it was last used;
                  version: another at each change
  KEYS[2]  audit  who changed what

  ARGV[1]  name
  ARGV[2]  key      JSON: its digest, and what it reaches
  ARGV[3]  version  that nobody has used before
  ARGV[4]  which    any; first: only if there is no key yet
  ARGV[5]  most     keys in all
  ARGV[6]  act      what to write into the audit, JSON
  ARGV[7]  entries  of the audit at the most

  Output: when it was made, ms; 0: there is one of this name, or, for the first,
          any; -1: there are as many as may be. With both nothing changed

  A value is "<made> <key>", by Redis's clock. There are few keys, and an operator
  whose Redis is full needs one to make room: it may be written beyond maxmemory.
]]
--- @include "clock"

local keys, audit = KEYS[1], KEYS[2]
local name, key, version, which = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local count = 0
for _, field in ipairs(redis.call('HKEYS', keys)) do
  if string.sub(field, 1, 4) == 'key:' then count = count + 1 end
end
if which == 'first' and count > 0 or redis.call('HEXISTS', keys, 'key:' .. name) == 1 then
  return 0
end
if count >= tonumber(ARGV[5]) then
  return -1
end

local now = clock()
redis.call('HSET', keys, 'key:' .. name, string.format('%d', now) .. ' ' .. key, 'version', version)
redis.call('XADD', audit, 'MAXLEN', '~', ARGV[7], '*', 'act', ARGV[6])
return now
