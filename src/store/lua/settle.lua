#!lua flags=allow-oom
--[[
  settle: record how the attempt of a leased head ended.

  KEYS[1]  due      lanes of the destination by their next attempt
  KEYS[2]  lane     batches, oldest first
  KEYS[3]  head     how far the first batch has come
  KEYS[4]  history  settled attempts
  KEYS[5]  dead     dead letters

  ARGV[1]  member   the chat in the due index
  ARGV[2]  token    of the lease
  ARGV[3]  verdict  drop:    delivered, forget the batch
                    retry:   try again after the wait
                    bury:    give up, keep it as a dead letter
                    release: not attempted after all, give the lease back
  ARGV[4]  wait     before the retry, ms
  ARGV[5]  asked    1: the destination asked for that wait
  ARGV[6]  record   JSON about the attempt, for history; empty = none
  ARGV[7]  history  most entries of this shard
  ARGV[8]  letter   JSON about the batch, for a dead letter
  ARGV[9]  dead     most dead letters of this shard

  Output: {status, batches left on the lane, dead letters dropped for the new}
    settled
    stale   the lease ran out and another took the head; nothing changed
]]
local due, lane, head, history, dead = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local member, token, verdict, wait = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if redis.call('HGET', head, 'token') ~= token then
  return {'stale', 0, 0}
end

local dropped, next_attempt = 0, now
if verdict == 'drop' or verdict == 'bury' then
  local batch = redis.call('LPOP', lane)
  redis.call('DEL', head)
  if verdict == 'bury' then
    redis.call('XADD', dead, '*', 'letter', ARGV[8], 'batch', batch)
    dropped = redis.call('XTRIM', dead, 'MAXLEN', '=', ARGV[9])
  end
elseif verdict == 'retry' then
  next_attempt = now + wait
  redis.call('HDEL', head, 'token')
  redis.call('HSET', head, 'due', next_attempt, 'asked', ARGV[5])
elseif redis.call('HINCRBY', head, 'attempts', -1) > 0 then
  redis.call('HDEL', head, 'token', 'due')
else
  redis.call('DEL', head)
end

if ARGV[6] ~= '' then
  redis.call('XADD', history, 'MAXLEN', '~', ARGV[7], '*', 'record', ARGV[6])
end

local left = redis.call('LLEN', lane)
if left > 0 then
  redis.call('ZADD', due, next_attempt, member)
else
  redis.call('ZREM', due, member)
end
return {'settled', left, dropped}
