#!lua flags=allow-oom
--[[
  discard: drop a lane with all its batches.

  KEYS[1]  due   lanes of the destination by their next attempt; its entry goes
  KEYS[2]  lane  deleted
  KEYS[3]  head  deleted, so that an attempt on its way settles nothing any more
  KEYS[4]  revived  batches that were revived and stand behind the first of the
                    lane; deleted
  KEYS[5]  alive  marks of destinations and schedules, by their lives

  ARGV[1]  member  the lane in the due index
  then, in a removal:
           field   of the destination or schedule among the marks
           mark    that it must have: see cancel

  Output: how many batches were dropped
]]
local due, lane, head, revived, alive = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

for i = 2, #ARGV, 2 do
  if redis.call('HGET', alive, ARGV[i]) ~= ARGV[i + 1] then return 0 end
end

local count = redis.call('LLEN', lane) + redis.call('ZCARD', revived)
redis.call('DEL', lane, head, revived)
redis.call('ZREM', due, ARGV[1])
return count
