#!lua flags=allow-oom
--[[
  forget: drop the aliases that were not used for long, some at a time.

  KEYS[1]  aliases  number and last use by the chat's name under the alias

  ARGV[1]  cursor   0, then what the last step answered
  ARGV[2]  age      of those to drop since their last use, ms
  ARGV[3]  step     about how many to look at

  Output: {the next cursor, "0" at the end; how many were dropped}

  A script, because an alias that was used between the look and the drop stays.
]]
--- @include "clock"

local aliases = KEYS[1]
local cursor, age, step = ARGV[1], ARGV[2], ARGV[3]

local before = clock() - age

local next_cursor, entries = unpack(redis.call('HSCAN', aliases, cursor, 'COUNT', step))
local dropped = 0
for i = 1, #entries, 2 do
  if tonumber(string.match(entries[i + 1], '^%d+')) < before then
    redis.call('HDEL', aliases, entries[i])
    dropped = dropped + 1
  end
end
return {next_cursor, dropped}
