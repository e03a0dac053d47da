#!lua flags=allow-oom
--[[
  discard: drop a lane with all its batches.

  KEYS[1]  due   lanes of the destination by their next attempt; its entry goes
  KEYS[2]  lane  deleted
  KEYS[3]  head  deleted, so that an attempt on its way settles nothing any more

  ARGV[1]  member  the lane in the due index

  Output: how many batches were dropped
]]
local due, lane, head = KEYS[1], KEYS[2], KEYS[3]

local count = redis.call('LLEN', lane)
redis.call('DEL', lane, head)
redis.call('ZREM', due, ARGV[1])
return count
