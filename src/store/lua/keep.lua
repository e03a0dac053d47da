#!lua
--[[
  keep: keep a message until its time.

  KEYS[1]  later  what waits for its time, by when
  KEYS[2]  items  of each its time and what it holds
  KEYS[3]  ids    the turn of the sets of message ids, those, and the
                  older ones: 6 keys, see id_sets
  KEYS[9]  alive  marks of buffers, by their lives
  KEYS[10] held   how many messages wait here, their bytes, and of each buffer: see
                  count_held
  KEYS[11] moved   how far this shard was moved with a clock that was set back,
                   and what was set since: see move
  KEYS[12] known   of each chat when it was last heard from, and who writes there
  KEYS[13] people  chats under what they are found by

  ARGV[1]  member    the message in the index
  ARGV[2]  item      the message, a JSON object without its first brace
  ARGV[3]  at        its time; empty = so long from now:
  ARGV[4]  delay     ms
  ARGV[5]  farthest  how far ahead its time may lie, ms
  ARGV[6]  id        digest of the message id
  ARGV[7]  keep      how long an id counts as seen, ms
  ARGV[8]  slice     for so long a set takes ids, ms
  ARGV[9]  beside    what an older Lull needs: see id_sets
  ARGV[10] buffer    its field among the marks; empty = it is always there
  ARGV[11] life      the mark that it must have
  ARGV[12] look ahead  a sweep with nothing before it looks again within so many
                       ms: what falls due sooner must wake it
  ARGV[13] expected   what time it would be, had the clock not been set back since
  ARGV[14] back       it had been by so many ms in all
  ARGV[15] least      a smaller step back is none, ms
  ARGV[16] hash       of its chat
  ARGV[17] key        under which that is found

  Output: {status, its time}
    kept
    duplicate  the id was seen, or waits already; nothing changed. Its time is 0
               if it has left
    gone       the buffer is not there (any more), or has another life; nothing
               stored
    far        its time lies too far ahead; nothing changed

  The item is "<time> <came> <message>", with "@" behind a time that was named;
  the score is a copy of the time that taking moves ahead.

  Without allow-oom, so that a full Redis refuses before anything is written.
]]
--- @include "chat_of"
--- @include "clock"
--- @include "count_held"
--- @include "has_mark"
--- @include "note_person"
--- @include "note_set"
--- @include "seen_before"
--- @include "set_back_by"
--- @include "wake"

local later, items, alive, held, moved = KEYS[1], KEYS[2], KEYS[9], KEYS[10], KEYS[11]
-- KEYS[3] and on.
local IDS = 3
local member, item, id = ARGV[1], ARGV[2], ARGV[6]
local call, format = redis.call, string.format

local now = clock()

local set_back = set_back_by(moved, now, ARGV[13], ARGV[14], ARGV[15])
local at = tonumber(ARGV[3]) or now + ARGV[4]
if at - now > tonumber(ARGV[5]) then
  return {'far', 0}
end

if not has_mark(alive, ARGV[10], ARGV[11]) then return {'gone', 0} end

local waiting = call('HGET', items, member)
if waiting then
  return {'duplicate', tonumber(string.match(waiting, '^%d+'))}
end
if seen_before(IDS, id, now, ARGV[7], ARGV[8], ARGV[9]) then return {'duplicate', 0} end

local named = ARGV[3] == '' and '' or '@'
local waits = format('%d%s %d {"at":%d,', at, named, now, now) .. item
call('HSET', items, member, waits)
call('ZADD', later, format('%d', at), member)
note_set(moved, 'later ' .. member, set_back)
count_held(held, chat_of(member), 1, #waits)
note_person(KEYS[12], KEYS[13], chat_of(member), now, ARGV[16], ARGV[17], '', false)
if at - now < tonumber(ARGV[12]) then wake(later) end
return {'kept', at}
