#!lua flags=allow-oom
--[[
  bury_window: make a dead letter of a window whose buffer is gone.

  KEYS[1]  timer   deleted
  KEYS[2]  window  deleted
  KEYS[3]  due     open windows by deadline; the chat's entry goes
  KEYS[4]  alive   marks of buffers, by their lives
  KEYS[5]  dead    dead letters
  KEYS[6]  open    how many windows are open here, their bytes, and of each buffer:
                   see count_held

  ARGV[1]  member   the chat in the due index
  ARGV[2]  field    of its buffer among the marks
  ARGV[3]  version  of the configuration that has no such buffer
  ARGV[4]  id       the batch's id
  ARGV[5]  whose    in an ordered buffer the chat as a word with a space before it,
                    else empty
  ARGV[6]  letter   JSON about the batch
  ARGV[7]  most     dead letters of this shard

  Output: {messages, dead letters dropped for the new}; {0, 0} when there is no
          window, or a buffer of this name has begun to live since

  It may use memory beyond maxmemory: it frees what it writes.
]]
--- @include "batch_line"
--- @include "clock"
--- @include "count_held"
--- @include "window_head"

local timer, window, due, alive, dead, open = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local member, field, version = ARGV[1], ARGV[2], tonumber(ARGV[3])
local call, format = redis.call, string.format

if tonumber(call('HGET', alive, field) or 0) > version then return {0, 0} end

local items = call('LRANGE', window, 0, -1)
local head = table.remove(items, 1)
if not head then
  call('ZREM', due, member)
  return {0, 0}
end
local now = clock()
local opened, _, _, bytes, _, deadline, _, _, reason = struct.unpack(HEAD, head)
local line = batch_line('-', ARGV[4], opened, now, deadline, reason, #items, '', ARGV[5])
-- Nobody stores anything for a life that is over, even if its mark was never struck.
call('HSET', alive, field, format('-%d', version))
call('XADD', dead, '*', 'letter', ARGV[6], 'batch', line .. table.concat(items, ','))
count_held(open, member, -1, -bytes)
call('DEL', window, timer)
call('ZREM', due, member)
return {#items, call('XTRIM', dead, 'MAXLEN', '=', ARGV[7])}
