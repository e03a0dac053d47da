#!lua flags=allow-oom
--[[
  discard: drop a lane with all its batches.

  KEYS[1]  due   lanes of the destination by their next attempt; its entry goes
  KEYS[2]  lane  deleted
  KEYS[3]  head  deleted, so that an attempt on its way settles nothing any more
  KEYS[4]  revived  batches that were revived and stand behind the first of the
                    lane; deleted
  KEYS[5]  alive  marks of destinations and schedules, by their lives
  KEYS[6]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held

  ARGV[1]  member  the lane in the due index
  then, in a removal:
           field   of the destination or schedule among the marks
           mark    that it must have: see cancel_window

  Output: how many batches were dropped
]]
--- @include "count_held"
--- @include "have_marks"
--- @include "revived"

local due, lane, head, revived, alive, on_lanes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
-- A batch can be as large as a window: so many are in memory twice.
local AT_A_TIME = 64

local function bytes_on(list, set)
  local bytes = 0
  for from = 0, redis.call('LLEN', list) - 1, AT_A_TIME do
    for _, batch in ipairs(redis.call('LRANGE', list, from, from + AT_A_TIME - 1)) do
      bytes = bytes + #batch
    end
  end
  for from = 0, redis.call('ZCARD', set) - 1, AT_A_TIME do
    for _, again in ipairs(redis.call('ZRANGE', set, from, from + AT_A_TIME - 1)) do
      bytes = bytes + #again - PLACE
    end
  end
  return bytes
end

if not have_marks(alive, 2) then return 0 end

local dropped = redis.call('LLEN', lane) + redis.call('ZCARD', revived)
if dropped > 0 then count_held(on_lanes, ARGV[1], -dropped, -bytes_on(lane, revived)) end
redis.call('DEL', lane, head, revived)
redis.call('ZREM', due, ARGV[1])
return dropped
