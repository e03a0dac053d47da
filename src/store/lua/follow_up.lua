#!lua flags=allow-oom
--[[
  follow_up: put the follow-up of a chat onto its lane, or put it off.

  KEYS[1]  later  what waits for its time, by when
  KEYS[2]  items  of each its time and what it holds
  KEYS[3]  due    lanes of the destination by their next attempt
  KEYS[4]  lane   gets the follow-up as a batch
  KEYS[5]  alive  marks of buffers and destinations, by their lives
  KEYS[6]  heard  chats by the time they were last heard from: see close
  KEYS[7]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held
  KEYS[8]  lanes  destinations that have lanes here, by when the first is due:
                see note_lane

  ARGV[1]  member   the follow-up in the index
  ARGV[2]  planned  the time that this goes by
  ARGV[3]  next     put it off until then; empty = it goes out
  ARGV[4]  id       the batch's id
  ARGV[5]  lane     what stands for the lane in the due index
  ARGV[6]  whose    in an ordered buffer the chat as a word with a space before it,
                    else empty
  ARGV[7]  chat     among those that were heard from
  then, in pairs:
           field   of each that must be there, among the marks
           mark    that it must have

  Output: 1 if it is on its way, or put off; 0 if something was said since, or
          another monitor was first; -1 when its buffer or its destination is
          not there (any more), or has another life: then nothing changed

  One script, so that of several monitors one alone sends it, and a message that
  comes in time takes it back.
]]
--- @include "batch_line"
--- @include "clock"
--- @include "closed_at"
--- @include "count_held"
--- @include "have_marks"
--- @include "note_lane"

local later, items, due, lane, alive, heard = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local on_lanes = KEYS[7]
local member, planned, next_at = ARGV[1], ARGV[2], ARGV[3]
local call, format = redis.call, string.format

local waiting = call('HGET', items, member)
if not waiting then
  call('ZREM', later, member)
  return 0
end
local at, rest = string.match(waiting, '^(%d+) (.*)$')
if at ~= planned then
  call('ZADD', later, at, member)
  return 0
end
if not have_marks(alive, 8) then return -1 end
if next_at ~= '' then
  call('HSET', items, member, next_at .. ' ' .. rest)
  call('ZADD', later, next_at, member)
  return 1
end

local came, item = string.match(rest, '^%d+ (%d+) (.*)$')
local now = clock()
local closed = closed_at(heard, ARGV[7], now)
local batch = batch_line('/', ARGV[4], came, closed, at, 'silence', 1, '', ARGV[6]) .. item
call('RPUSH', lane, batch)
count_held(on_lanes, ARGV[5], 1, #batch)
-- NX: a lane with a head in backoff or under a lease keeps its own time.
if call('ZADD', due, 'NX', format('%d', now), ARGV[5]) == 1 then note_lane(KEYS[8], due, now) end
call('HDEL', items, member)
call('ZREM', later, member)
return 1
