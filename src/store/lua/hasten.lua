#!lua flags=allow-oom
--[[
  hasten: a destination is back, so a lane need not wait out its own back-off.

  KEYS[1]  due   lanes of the destination by their next attempt
  KEYS[2]  head  how far the first batch has come

  ARGV[1]  member  the lane in the due index
  ARGV[2]  wait    before its next attempt now, ms
  ARGV[3]  retries  added to the time of a lane whose head was attempted

  Output: 1 if it was brought forward, else 0: an attempt is on its way, the
  destination asked for that wait itself, or the lane is due sooner anyway
]]
local due, head = KEYS[1], KEYS[2]
local member = ARGV[1]

local time = redis.call('TIME')
local at = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[2])

local state = redis.call('HMGET', head, 'due', 'token', 'asked')
if not state[1] or state[2] or state[3] == '1' or tonumber(state[1]) <= at then
  return 0
end
redis.call('HSET', head, 'due', string.format('%d', at))
redis.call('ZADD', due, 'XX', string.format('%d', ARGV[3] + at), member)
return 1
