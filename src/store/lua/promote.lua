#!lua flags=allow-oom
--[[
  promote: a destination is back, so a lane need not wait out its own back-off.

  KEYS[1]  due   lanes of the destination by their next attempt
  KEYS[2]  head  how far the first batch has come
  KEYS[3]  moved   how far this shard was moved with a clock that was set back,
                   and what was set since: see move
  KEYS[4]  lanes   destinations that have lanes here, by when the first is due: see
                   note_lane

  ARGV[1]  member  the lane in the due index
  ARGV[2]  wait    before its next attempt now, ms
  ARGV[3]  retries  added to the time of a lane whose head was attempted
  ARGV[4]  expected   what time it would be, had the clock not been set back since
  ARGV[5]  back       it had been by so many ms in all
  ARGV[6]  least      a smaller step back is none, ms

  Output: 1 if it was brought forward, else 0: an attempt is on its way, the
  destination asked for that wait itself, or the lane is due sooner anyway
]]
--- @include "clock"
--- @include "note_lane"
--- @include "note_set"
--- @include "set_back_by"

local due, head, moved = KEYS[1], KEYS[2], KEYS[3]
local member = ARGV[1]

local now = clock()
local at = now + tonumber(ARGV[2])

local set_back = set_back_by(moved, now, ARGV[4], ARGV[5], ARGV[6])

local state = redis.call('HMGET', head, 'due', 'token', 'asked')
if not state[1] or state[2] or state[3] == '1' or tonumber(state[1]) <= at then
  return 0
end
redis.call('HSET', head, 'due', string.format('%d', at))
redis.call('ZADD', due, 'XX', string.format('%d', ARGV[3] + at), member)
note_lane(KEYS[4], due, at)
note_set(moved, head, set_back)
return 1
