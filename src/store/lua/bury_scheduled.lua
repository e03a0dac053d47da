#!lua flags=allow-oom
--[[
  bury_scheduled: make a dead letter of a message that waits for its time and whose
  buffer or schedule is gone.

  KEYS[1]  later  what waits for its time, by when; the entry goes
  KEYS[2]  items  of each its time and what it holds; the item goes
  KEYS[3]  alive  marks of buffers and schedules, by their lives
  KEYS[4]  dead   dead letters
  KEYS[5]  held   how many messages wait here, their bytes, and of each buffer: see
                  count_held

  ARGV[1]  member   in the index
  ARGV[2]  field    of its buffer or schedule among the marks
  ARGV[3]  version  of the configuration that has no such thing
  ARGV[4]  id       the batch's id
  ARGV[5]  whose    in an ordered buffer the chat as a word with a space before it,
                    else empty
  ARGV[6]  letter   JSON about the batch
  ARGV[7]  most     dead letters of this shard
  ARGV[8]  reason   of the batch

  Output: {messages, dead letters dropped for the new}; {0, 0} when it does not
          wait, or something of this name has begun to live since

  It may use memory beyond maxmemory: it frees what it writes.
]]
--- @include "batch_line"
--- @include "chat_of"
--- @include "clock"
--- @include "count_held"

local later, items, alive, dead, held = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local member, field, version = ARGV[1], ARGV[2], tonumber(ARGV[3])
local call, format = redis.call, string.format

if tonumber(call('HGET', alive, field) or 0) > version then return {0, 0} end

local waiting = call('HGET', items, member)
call('ZREM', later, member)
if not waiting then return {0, 0} end
local at, came, item = string.match(waiting, '^(%d+)@? (%d+) (.*)$')
local now = clock()
local line = batch_line('/', ARGV[4], came, now, at, ARGV[8], 1, '', ARGV[5])
call('HSET', alive, field, format('-%d', version))
call('XADD', dead, '*', 'letter', ARGV[6], 'batch', line .. item)
call('HDEL', items, member)
count_held(held, chat_of(member), -1, -#waiting)
return {1, call('XTRIM', dead, 'MAXLEN', '=', ARGV[7])}
