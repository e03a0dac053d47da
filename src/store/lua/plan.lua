#!lua
--[[
  plan: set when a schedule runs next, or that it does not.

  KEYS[1]  later  what waits for its time, by when
  KEYS[2]  items  of each its time and what it holds

  ARGV[1]  member   the schedule in the index
  ARGV[2]  version  of the schedule that this goes by
  ARGV[3]  at       its next time; empty = none
  ARGV[4]  look ahead  a sweep with nothing before it looks again within so many
                       ms: what falls due sooner must wake it

  Output: 1 if this changed anything

  The item is "<time> <version>". What was planned by the same or a newer
  version stays: several monitors plan, and some know the newest a moment later.
]]
local later, items = KEYS[1], KEYS[2]
local member, version, at = ARGV[1], ARGV[2], ARGV[3]

local planned = redis.call('HGET', items, member)
local by = planned and tonumber(string.match(planned, ' (%d+)$'))
if by and (by > tonumber(version) or by == tonumber(version) and at ~= '') then
  return 0
end
if at == '' then
  redis.call('ZREM', later, member)
  return redis.call('HDEL', items, member)
end
redis.call('HSET', items, member, at .. ' ' .. version)
redis.call('ZADD', later, at, member)
local time = redis.call('TIME')
if at - (time[1] * 1000 + math.floor(time[2] / 1000)) < tonumber(ARGV[4]) then
  redis.pcall('PUBLISH', 'lull:wake', '')
end
return 1
