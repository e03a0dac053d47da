#!lua flags=allow-oom
--[[
  postpone: put a lane off, or back to its own time.

  KEYS[1]  due   lanes of the destination by their next attempt
  KEYS[2]  head  how far the first batch has come
  KEYS[3]  lanes  destinations that have lanes here, by when the first is due: see
                  note_lane

  ARGV[1]  member  the chat in the due index
  ARGV[2]  wait    ms from now; empty = back to its own time
  ARGV[3]  retries  added to the time of a lane whose head was attempted

  Output: 1, or 0 when nothing is on the lane

  The head's state is not touched: it goes on saying when the lane is due.
]]
--- @include "clock"
--- @include "note_lane"

local due, head, member, wait = KEYS[1], KEYS[2], ARGV[1], ARGV[2]

local at
local attempts, own = unpack(redis.call('HMGET', head, 'attempts', 'due'))
if wait == '' then
  -- Without a time of its own it is due at any time.
  at = tonumber(own or 0)
else
  at = clock() + wait
end
local score = attempts and at + ARGV[3] or at
local moved = redis.call('ZADD', due, 'XX', 'CH', string.format('%d', score), member)
if moved == 1 then note_lane(KEYS[3], due, at) end
return moved
