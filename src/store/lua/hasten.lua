#!lua flags=allow-oom
--[[
  hasten: an operator wants the head of a lane to be attempted now, and not only when
  its retry is due.

  KEYS[1]  due    lanes of the destination by their next attempt
  KEYS[2]  lane   batches, oldest first
  KEYS[3]  head   how far the first batch has come
  KEYS[4]  moved  how far this shard was moved with a clock that was set back,
                  and what was set since: see move
  KEYS[5]  lanes  destinations that have lanes here, by when the first is due: see
                  note_lane

  ARGV[1]  member   the lane in the due index
  ARGV[2]  whose    the chat whose batch must be the first, on the lane of an ordered
                    buffer, as the last word of its line; "*" = whoever's; elsewhere
                    empty
  ARGV[3]  retries  added to the time of a lane whose head was attempted
  ARGV[4]  expected   what time it would be, had the clock not been set back since
  ARGV[5]  back       it had been by so many ms in all
  ARGV[6]  least      a smaller step back is none, ms

  Output: what is so now
    none     nothing is on the lane
    other    another chat's batch is the first
    in_hand  an attempt is on its way, and is left alone
    due      it was due already; nothing changed
    moved    it is due from now on

  Unlike promote it also cuts short a wait for which the destination asked: a person
  has decided that. A lease that ran out holds nothing, so such a head is due.
]]
--- @include "batch_line"
--- @include "clock"
--- @include "note_lane"
--- @include "note_set"
--- @include "set_back_by"
--- @include "wake"

local due, lane, head, moved = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local member, whose, retries = ARGV[1], ARGV[2], tonumber(ARGV[3])

local batch = redis.call('LINDEX', lane, 0)
if not batch then return 'none' end
local said = {string.match(batch, BATCH_LINE)}
if whose ~= '*' and said[#said] ~= whose then return 'other' end

local now = clock()
local at, token = unpack(redis.call('HMGET', head, 'due', 'token'))
if not at or tonumber(at) <= now then return 'due' end
if token then return 'in_hand' end

local time = string.format('%d', now)
redis.call('HSET', head, 'due', time, 'asked', '0')
redis.call('ZADD', due, 'XX', string.format('%d', retries + now), member)
note_lane(KEYS[5], due, now)
note_set(moved, head, set_back_by(moved, now, ARGV[4], ARGV[5], ARGV[6]))
wake(due)
return 'moved'
