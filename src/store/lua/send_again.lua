#!lua
--[[
  send_again: put a batch that was delivered onto its lane once more, as one of its
  own.

  KEYS[1]  again  the id under which it was sent again last; expires
  KEYS[2]  alive  marks of destinations and schedules, by their lives
  KEYS[3]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held
  KEYS[4]  lanes  destinations that have lanes here, by when the first is due:
                  see note_lane
  KEYS[5]  due    lanes of the destination by their next attempt
  KEYS[6]  lane   gets the batch

  ARGV[1]  id      under which it is sent
  ARGV[2]  once    for so long another wish to send it again is this one, ms
  ARGV[3]  member  the lane in the due index
  ARGV[4]  opened  when its first message came
  ARGV[5]  reason  of the batch
  ARGV[6]  count   of its messages
  ARGV[7]  how     it was gathered, and which batch it repeats: see batch_line
  ARGV[8]  whose   in an ordered buffer the chat as a word with a space before it,
                   else empty
  ARGV[9]  items   its messages
  ARGV[10] field   of the destination or schedule among the marks; empty = it is
                   always there
  ARGV[11] life    the mark that it must have

  Output: {status, id}
    sent   it is on its lane under this id
    again  it was sent again a moment ago, under this id; nothing changed
    gone   the destination is not there (any more), or has another life; nothing
           changed

  The batch is marked "/", so that no lease joins it with others: it is to say again
  what was said, and no more.

  One script, because of two clicks one must find what the other did. Without
  allow-oom, so that a full Redis refuses before anything is written.
]]
--- @include "batch_line"
--- @include "clock"
--- @include "count_held"
--- @include "has_mark"
--- @include "note_lane"
--- @include "wake"

local again, alive, on_lanes, lanes, due, lane = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local id, member = ARGV[1], ARGV[3]
local call = redis.call

if not has_mark(alive, ARGV[10], ARGV[11]) then return {'gone', ''} end
local before = call('GET', again)
if before then return {'again', before} end

local now = clock()
local batch = batch_line('/', id, ARGV[4], now, now, ARGV[5], ARGV[6], ARGV[7], ARGV[8]) .. ARGV[9]
call('SET', again, id, 'PX', ARGV[2])
call('RPUSH', lane, batch)
count_held(on_lanes, member, 1, #batch)
-- NX: a lane with a head in backoff or under a lease keeps its own time.
if call('ZADD', due, 'NX', string.format('%d', now), member) == 1 then
  note_lane(lanes, due, now)
  wake(due)
end
return {'sent', id}
