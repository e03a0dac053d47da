#!lua flags=allow-oom
--[[
  send: turn what has waited for its time into a batch on each lane.

  KEYS[1]  later  what waits for its time, by when; the entry goes
  KEYS[2]  items  of each its time and what it holds; the item goes
  KEYS[3]  alive  marks of destinations and schedules, by their lives
  KEYS[4]  held   how many messages wait here, their bytes, and of each buffer:
                  see count_held
  KEYS[5]  heard  chats by the time they were last heard from: see close
  KEYS[6]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held
  KEYS[7]  lanes  destinations that have lanes here, by when the first is due:
                see note_lane
  KEYS[8]  due of the first destination   lanes by their next attempt
  KEYS[9]  lane of the first destination  gets the batch
  ...      two more for each further destination

  ARGV[1]  member  in the index
  ARGV[2]  id      the batch's id
  ARGV[3]  reason  of the batch
  ARGV[4]  lane    the chat in the due indexes of lanes
  ARGV[5]  whose   in an ordered buffer the chat as a word with a space before it,
                   else empty
  ARGV[6]  forced  1: whether or not its time has come, and nobody is going to
                   attempt the lanes in this moment
  ARGV[7]  chat    among those that were heard from
  then, in pairs:
           field   of each that must be there, among the marks
           mark    that it must have

  Output: 1 if it is on its way, 0 if it is gone or its time lies ahead; -1 when a
          destination is not there (any more), or has another life: then nothing
          changed

  The batch is marked "/", so that no lease joins it with others.

  One script, because what was on its way and still waited would be sent twice.
  It may use memory beyond maxmemory: it frees what it writes, and a full Redis
  must drain.
]]
--- @include "batch_line"
--- @include "chat_of"
--- @include "clock"
--- @include "closed_at"
--- @include "count_held"
--- @include "have_marks"
--- @include "note_lane"
--- @include "wake"

local later, items, alive, held, heard = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local on_lanes, lanes = KEYS[6], KEYS[7]
local member, id, reason, lane_member, whose = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local forced = ARGV[6] == '1'
local call, format = redis.call, string.format

local now = clock()

local waiting = call('HGET', items, member)
if not waiting then
  call('ZREM', later, member)
  return 0
end
local at, came, item = string.match(waiting, '^(%d+)@? (%d+) (.*)$')
if forced then
  at = format('%d', now)
elseif tonumber(at) > now then
  call('ZADD', later, at, member)
  return 0
end

if not have_marks(alive, 8) then return -1 end

local closed = closed_at(heard, ARGV[7], now)
local batch = batch_line('/', id, came, closed, at, reason, 1, '', whose) .. item
for i = 8, #KEYS, 2 do
  call('RPUSH', KEYS[i + 1], batch)
  count_held(on_lanes, lane_member, 1, #batch)
  -- NX: a lane with a head in backoff or under a lease keeps its own time.
  if call('ZADD', KEYS[i], 'NX', format('%d', now), lane_member) == 1 then note_lane(lanes, KEYS[i], now) end
  if forced then wake(KEYS[i]) end
end
call('HDEL', items, member)
count_held(held, chat_of(member), -1, -#waiting)
call('ZREM', later, member)
return 1
