#!lua flags=allow-oom
--[[
  recall: take back what waits for its time.

  KEYS[1]  later  what waits for its time, by when; the entry goes
  KEYS[2]  items  of each its time and what it holds; the item goes
  KEYS[3]  seen   message ids by the time they came; the id goes, so that the
                  message may be posted anew
  KEYS[4]  alive  marks of buffers and schedules, by their lives
  KEYS[5]  held   how many messages wait here, their bytes, and of each buffer

  ARGV[1]  member  in the index
  ARGV[2]  id      digest of the message id; empty = leave it seen
  then, in a removal:
           field   of its buffer or schedule among the marks
           mark    that it must have: see cancel

  Output: 1 if it waited, else 0
]]
local later, items, seen, alive, held = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

-- What is at nothing goes. With the last message all counts do, so that none is wrong for ever.
local function count_off(buffer, bytes)
  for field, less in pairs({[':messages'] = 1, [':bytes'] = bytes, [buffer] = 1}) do
    if redis.call('HINCRBY', held, field, -less) <= 0 then
      redis.call('HDEL', held, field)
    end
  end
  if redis.call('HEXISTS', held, ':messages') == 0 then
    redis.call('DEL', held)
  end
end

for i = 3, #ARGV, 2 do
  if redis.call('HGET', alive, ARGV[i]) ~= ARGV[i + 1] then return 0 end
end

redis.call('ZREM', later, ARGV[1])
local waiting = redis.call('HGET', items, ARGV[1])
if not waiting then return 0 end
redis.call('HDEL', items, ARGV[1])
redis.call('ZREM', seen, ARGV[2])
-- Follow-ups and runs that are planned are not counted.
local buffer = string.match(ARGV[1], '^m:%x+:%+?([^:]+):')
if buffer then count_off(buffer, #string.match(waiting, '^%d+@? %d+ (.*)$')) end
return 1
