#!lua flags=allow-oom
--[[
  close: turn a window whose deadline has passed into a batch on each lane.

  KEYS[1]  timer   deleted
  KEYS[2]  window  deleted
  KEYS[3]  due     open windows by deadline; the chat's entry goes
  KEYS[4]  alive   marks of destinations, by their lives
  KEYS[5]  heard   chats by the time they were last heard from
  KEYS[6]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held
  KEYS[7]  open      the same of windows that are open
  KEYS[8]  lanes  destinations that have lanes here, by when the first is due:
                see note_lane
  KEYS[9]  due of the first destination   lanes by their next attempt
  KEYS[10] lane of the first destination  gets the batch
  KEYS[11] head of the first destination  set if the batch is leased
  ...      three more for each further destination

  ARGV[1]  member  the chat in the index of open windows
  ARGV[2]  id      the batch's id
  ARGV[3]  reason  empty: close if the deadline has passed; else the reason to
                   close it at once
  ARGV[4]  wake    1: nobody is going to attempt the lanes in this moment, so
                   wake a monitor
  ARGV[5]  token   empty, or that of a lease on the first destination's lane, to
                   be taken in the same step if the batch is the only one on it
  ARGV[6]  length  of the lease, ms
  ARGV[7]  split   a digit for each destination; 1: each message is a batch of
                   its own there
  ARGV[8]  lane    the chat, or all of an ordered buffer, in the indexes of lanes
  ARGV[9]  whose   in an ordered buffer the chat as a word with a space before it,
                   else empty
  ARGV[10] retries  added to the time of a lane whose head was attempted
  then, in pairs:
           field   of each that must be there, among the marks
           mark    that it must have

  Output: {status, messages, reason, ms since the deadline, when it was closed,
           the first batch if it was leased, else empty}
    closed
    open    the deadline lies ahead: a message or a typing signal has moved it;
            the due entry is put back to it
    none    there is no window
    gone    a destination is not there (any more), or has another life; nothing
            changed

  A batch is a line "- id opened closed deadline reason count whose", then the
  messages with commas between them, as they came: nothing is encoded again.
  One that was split off is marked "/", so that no lease joins it again, and its
  id ends in its number: -1, -2.

  Of a chat that is noted among those heard from, the batch is closed no earlier
  than the last message, and before anything that is said later, by their times
  alone and however much happens within one ms: mostly 1 ms before now. Where the
  last message came in this very ms, ".5" behind its time makes the next one be
  heard 1 ms later. So whether something was said since is told by two times.

  One script, because a message that came between reading and deleting would be
  lost, and one that came between two deliveries would be sent twice. It may use
  memory beyond maxmemory: it frees what it writes, and a full Redis must drain.
]]
--- @include "batch_line"
--- @include "clock"
--- @include "closed_at"
--- @include "count_held"
--- @include "have_marks"
--- @include "note_lane"
--- @include "window_head"

local timer, window, due, alive, heard = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local on_lanes, open, lanes = KEYS[6], KEYS[7], KEYS[8]
local member, id, forced, token = ARGV[1], ARGV[2], ARGV[3], ARGV[5]
local split, lane_member, whose = ARGV[7], ARGV[8], ARGV[9]
-- unpack can take some thousands.
local AT_A_TIME = 1000
local call = redis.call

local now = clock()

local items = call('LRANGE', window, 0, -1)
local head = table.remove(items, 1)
if not head then
  call('ZREM', due, member)
  return {'none', 0, '', 0, now, ''}
end
local opened, _, quiet, bytes, _, deadline, kind, _, reason, behind = struct.unpack(HEAD, head)
local typing, before, rule = read_told(head, behind)
if before > 0 then typing = typing + math.max(deadline - before, 0) end
if kind >= HELD then kind = kind - HELD end
if kind == MEDIA then rule = 'media' elseif kind == FIXED then rule = 'fixed' end
local how = string.format('/%d/%d/%s', quiet, typing, rule)
if forced ~= '' then
  deadline, reason = now, forced
elseif deadline > now then
  call('ZADD', due, string.format('%d', deadline), member)
  return {'open', #items, reason, now - deadline, now, ''}
end

if not have_marks(alive, 11) then return {'gone', #items, reason, 0, now, ''} end

local closed = closed_at(heard, member, now)

local function batch_of(mark, name, count, content)
  return batch_line(mark, name, opened, closed, deadline, reason, count, how, whose) .. content
end

local function parts()
  local batches = {}
  for n, item in ipairs(items) do
    batches[n] = batch_of('/', string.format('%s-%d', id, n), 1, item)
  end
  return batches
end

local pushed, pushed_bytes = 0, 0
local function push(lane, batches)
  local length
  pushed = pushed + #batches
  for _, batch in ipairs(batches) do
    pushed_bytes = pushed_bytes + #batch
  end
  for from = 1, #batches, AT_A_TIME do
    length = call('RPUSH', lane, unpack(batches, from, math.min(from + AT_A_TIME - 1, #batches)))
  end
  return length
end

local whole = {batch_of('-', id, #items, table.concat(items, ','))}
local leased = ''
for i = 9, #KEYS, 3 do
  local batches = whole
  if string.sub(split, (i - 6) / 3, (i - 6) / 3) == '1' then batches = parts() end
  local only = push(KEYS[i + 1], batches) == #batches
  if only and i == 9 and token ~= '' then
    local until_then, first = now + ARGV[6], string.format('%d', now)
    call('HSET', KEYS[i + 2], 'attempts', '1', 'due', string.format('%d', until_then), 'token', token, 'first', first)
    call('ZADD', KEYS[i], string.format('%d', ARGV[10] + until_then), lane_member)
    note_lane(lanes, KEYS[i], until_then)
    leased = batches[1]
  elseif call('ZADD', KEYS[i], 'NX', string.format('%d', now), lane_member) == 1 then
    -- NX: a lane with a head in backoff or under a lease keeps its own time.
    note_lane(lanes, KEYS[i], now)
  end
end
if pushed > 0 then count_held(on_lanes, member, pushed, pushed_bytes) end
count_held(open, member, -1, -bytes)
call('DEL', window, timer)
call('ZREM', due, member)
if ARGV[4] == '1' then
  --- @include "wake"
  for i = 9, #KEYS, 3 do
    wake(KEYS[i])
  end
end
return {'closed', #items, reason, now - deadline, now, leased}
