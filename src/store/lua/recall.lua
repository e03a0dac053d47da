#!lua flags=allow-oom
--[[
  recall: take back what waits for its time.

  KEYS[1]  later  what waits for its time, by when; the entry goes
  KEYS[2]  items  of each its time and what it holds; the item goes
  KEYS[3]  seen   message ids by the time they came; the id goes, so that the
                  message may be posted anew

  ARGV[1]  member  in the index
  ARGV[2]  id      digest of the message id; empty = leave it seen

  Output: 1 if it waited, else 0
]]
local later, items, seen = KEYS[1], KEYS[2], KEYS[3]

redis.call('ZREM', later, ARGV[1])
local waited = redis.call('HDEL', items, ARGV[1])
if waited == 1 then
  redis.call('ZREM', seen, ARGV[2])
end
return waited
