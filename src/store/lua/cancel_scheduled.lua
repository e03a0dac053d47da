#!lua flags=allow-oom
--[[
  cancel_scheduled: take back what waits for its time.

  KEYS[1]  later  what waits for its time, by when; the entry goes
  KEYS[2]  items  of each its time and what it holds; the item goes
  KEYS[3]  ids    the turn of the sets of message ids, those, and the
                  older ones: 6 keys, see id_sets
  KEYS[9]  alive  marks of buffers and schedules, by their lives
  KEYS[10] held   how many messages wait here, their bytes, and of each buffer: see
                  count_held

  ARGV[1]  member  in the index
  ARGV[2]  id      digest of the message id; empty = leave it seen
  ARGV[3]  beside  what an older Lull needs: see id_sets
  then, in a removal:
           field   of its buffer or schedule among the marks
           mark    that it must have: see cancel_window

  Output: 1 if it waited, else 0
]]
--- @include "chat_of"
--- @include "count_held"
--- @include "forget_id"
--- @include "have_marks"

local later, items, alive, held = KEYS[1], KEYS[2], KEYS[9], KEYS[10]
-- KEYS[3] and on.
local IDS = 3

if not have_marks(alive, 4) then return 0 end

redis.call('ZREM', later, ARGV[1])
local waiting = redis.call('HGET', items, ARGV[1])
if not waiting then return 0 end
redis.call('HDEL', items, ARGV[1])
if ARGV[2] ~= '' then forget_id(IDS, ARGV[2], ARGV[3]) end
-- Follow-ups and runs that are planned are not counted.
if string.sub(ARGV[1], 1, 2) == 'm:' then count_held(held, chat_of(ARGV[1]), -1, -#waiting) end
return 1
