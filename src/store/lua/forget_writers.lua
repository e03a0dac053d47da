#!lua flags=allow-oom
--[[
  forget_writers: drop what the index of people holds of those who have not written in
  a group for long.

  KEYS[1]  writers  what stands there for who wrote in groups, by when they last did
  KEYS[2]  people   chats under what they are found by

  ARGV[1]  age      of those to drop since they last wrote, ms
  ARGV[2]  most     that are dropped in one step

  Output: how many were dropped

  A script, because who wrote between the look and the drop stays.
]]
--- @include "clock"

local writers, people = KEYS[1], KEYS[2]
local before = string.format('(%d', clock() - ARGV[1])

local old = redis.call('ZRANGEBYSCORE', writers, '-inf', before, 'LIMIT', 0, ARGV[2])
if #old > 0 then
  redis.call('ZREM', writers, unpack(old))
  redis.call('ZREM', people, unpack(old))
end
return #old
