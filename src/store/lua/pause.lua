#!lua flags=allow-oom
--[[
  pause: leave a chat alone for a while, and drop its open window and follow-up.

  KEYS[1]  timer   deleted
  KEYS[2]  window  deleted
  KEYS[3]  due     open windows by deadline; the chat's entry goes
  KEYS[4]  paused  gets the chat, by the time until when
  KEYS[5]  later   what waits for its time, by when; the follow-up goes
  KEYS[6]  items   of each its time and what it holds; likewise
  KEYS[7]  open    how many windows are open here, their bytes, and of each buffer:
                   see count_held
  KEYS[8]  alive   marks of buffers, by their lives
  KEYS[9]  pausers  of the paused chats who did it, and when
  KEYS[10] moved   how far this shard was moved with a clock that was set back,
                   and what was set since: see move

  ARGV[1]  member  the chat in the due index
  ARGV[2]  length  ms; a pause that lasts longer already is not shortened
  ARGV[3]  follow-up  of the chat, in the index of what waits
  ARGV[4]  buffer     its field among the marks; empty = it is always there
  ARGV[5]  life       the mark that it must have
  ARGV[6]  by         who pauses it
  ARGV[7]  expected   what time it would be, had the clock not been set back since
  ARGV[8]  back       it had been by so many ms in all
  ARGV[9]  least      a smaller step back is none, ms

  Output: how many messages were dropped; -1: the buffer is not there (any more), or
  has another life, and nothing was changed

  One script, because a message between cancelling and pausing would open a
  window that talks over whoever has taken over. It may use memory beyond
  maxmemory: it mostly frees some, and what it stops must stop.
]]
--- @include "clock"
--- @include "drop_window"
--- @include "has_mark"
--- @include "left_to_move"
--- @include "note_set"
--- @include "set_back_by"

local timer, window, due, paused = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local later, items, open = KEYS[5], KEYS[6], KEYS[7]
local alive, pausers, moved = KEYS[8], KEYS[9], KEYS[10]
local member = ARGV[1]
local call, format = redis.call, string.format

local now = clock()

local set_back = set_back_by(moved, now, ARGV[7], ARGV[8], ARGV[9])

-- Decided here and not by what the caller knows: a pause of a chat that is no more would stay until it ran out.
if not has_mark(alive, ARGV[4], ARGV[5]) then return -1 end

local count = drop_window(timer, window, due, open, member)
call('ZREM', later, ARGV[3])
call('HDEL', items, ARGV[3])

local by = format('%d ', now) .. ARGV[6]
local ends = now + ARGV[2]
if not set_back then
  if call('ZADD', paused, 'GT', 'CH', format('%d', ends), member) == 1 then call('HSET', pausers, member, by) end
  return count
end
-- One that is there already may go by the clock as it was.
local what = 'pauses ' .. member
local step = left_to_move(moved, what, set_back)
local other = tonumber(call('ZSCORE', paused, member) or 0)
if step > tonumber(ARGV[9]) then other = other - step end
call('ZADD', paused, format('%d', math.max(ends, other)), member)
if ends > other then call('HSET', pausers, member, by) end
note_set(moved, what, set_back)
return count
