#!lua flags=allow-oom
--[[
  recall: take back what waits for its time.

  KEYS[1]  later  what waits for its time, by when; the entry goes
  KEYS[2]  items  of each its time and what it holds; the item goes
  KEYS[3]  seen   message ids by the time they came; the id goes, so that the
                  message may be posted anew
  KEYS[4]  alive  marks of buffers and schedules, by their lives

  ARGV[1]  member  in the index
  ARGV[2]  id      digest of the message id; empty = leave it seen
  then, in a removal:
           field   of its buffer or schedule among the marks
           mark    that it must have: see cancel

  Output: 1 if it waited, else 0
]]
local later, items, seen, alive = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

for i = 3, #ARGV, 2 do
  if redis.call('HGET', alive, ARGV[i]) ~= ARGV[i + 1] then return 0 end
end

redis.call('ZREM', later, ARGV[1])
local waited = redis.call('HDEL', items, ARGV[1])
if waited == 1 then
  redis.call('ZREM', seen, ARGV[2])
end
return waited
