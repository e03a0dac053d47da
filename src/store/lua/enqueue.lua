#!lua
--[[
  enqueue: put a message straight onto each lane of its buffer, as a batch of its
  own.

  KEYS[1]  ids       the turn of the sets of message ids, those, and the
                     older ones: 6 keys, see id_sets
  KEYS[7]  received  messages as they came
  KEYS[8]  alive     marks of destinations, by their lives
  KEYS[9]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held
  KEYS[10] known     of each chat when it was last heard from, and who writes there
  KEYS[11] people    chats under what they are found by
  KEYS[12] lanes     destinations that have lanes here, by when the first is due:
                     see note_lane
  KEYS[13]  due of the first destination   lanes by their next attempt
  KEYS[14]  lane of the first destination  gets the batch
  ...      two more for each further destination

  ARGV[1]  id        the batch's
  ARGV[2]  item      the message, a JSON object without its first brace
  ARGV[3]  reason    of the batch
  ARGV[4]  lane      the chat in the due indexes of lanes
  ARGV[5]  whose     in an ordered buffer the chat as a word with a space before
                     it, else empty
  ARGV[6]  message   digest of the message id; empty = none
  ARGV[7]  keep      how long an id counts as seen, ms
  ARGV[8]  slice     for so long a set takes ids, ms
  ARGV[9]  beside    what an older Lull needs: see id_sets
  ARGV[10] member    the chat among the messages as they came
  ARGV[11] received  most messages that this shard keeps; 0 = none
  ARGV[12] payload   1: with what was said
  ARGV[13] hash      of the chat
  ARGV[14] key       under which it is found
  then, in pairs:
           field   of each that must be there, among the marks
           mark    that it must have

  Output: {status, when the message came; 0 = it did not}
    queued
    duplicate  the id was seen; nothing changed
    gone       a destination is not there (any more), or has another life; nothing
               stored

  The batch is marked "/", so that no lease joins it with others.

  One script, because a message whose id was noted and which is on no lane would
  be lost. Without allow-oom, so that a full Redis refuses before anything is
  written.
]]
--- @include "batch_line"
--- @include "clock"
--- @include "count_held"
--- @include "have_marks"
--- @include "note_lane"
--- @include "note_person"
--- @include "note_received"
--- @include "seen_before"
--- @include "wake"

local received, alive, on_lanes, lanes = KEYS[7], KEYS[8], KEYS[9], KEYS[12]
local id, reason, lane_member, whose, message = ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
-- KEYS[1] and on.
local IDS = 1
local call, format = redis.call, string.format

local now = clock()
local at = format('%d', now)

if not have_marks(alive, 15) then return {'gone', 0} end

if message ~= '' and seen_before(IDS, message, now, ARGV[7], ARGV[8], ARGV[9]) then
  return {'duplicate', 0}
end

local item = format('{"at":%d,', now) .. ARGV[2]
local batch = batch_line('/', id, now, now, now, reason, 1, '', whose) .. item
for i = 13, #KEYS, 2 do
  call('RPUSH', KEYS[i + 1], batch)
  count_held(on_lanes, lane_member, 1, #batch)
  -- NX: a lane with a head in backoff or under a lease keeps its own time.
  if call('ZADD', KEYS[i], 'NX', at, lane_member) == 1 then
    note_lane(lanes, KEYS[i], now)
    wake(KEYS[i])
  end
end
note_received(received, ARGV[11], ARGV[12], ARGV[10], item)
note_person(KEYS[10], KEYS[11], ARGV[10], now, ARGV[13], ARGV[14], '', false)
return {'queued', now}
