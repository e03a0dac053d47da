#!lua flags=allow-oom
--[[
  forget: drop aliases, or chats that are known, that were not used for long, and
  what leads to them.

  KEYS[1]  hash    by name the last use, and what is known
  KEYS[2]  people  chats under what they are found by

  ARGV[1]  age     of those to drop since their last use, ms
  ARGV[2]  unit    in which the last use is told, ms
  then, in pairs:
           name    of what seems to be so old
           entry   what stands in the index for it

  Output: how many were dropped

  A script, because what was used between the look and the drop stays.
]]
--- @include "clock"

local hash, people = KEYS[1], KEYS[2]
local before = (clock() - ARGV[1]) / ARGV[2]

local dropped = 0
for i = 3, #ARGV, 2 do
  local entry = redis.call('HGET', hash, ARGV[i])
  if entry and tonumber(string.match(entry, '^%d+')) < before then
    redis.call('HDEL', hash, ARGV[i])
    redis.call('ZREM', people, ARGV[i + 1])
    dropped = dropped + 1
  end
end
return dropped
