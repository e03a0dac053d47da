#!lua flags=allow-oom
--[[
  settle: record how the attempt of a leased head ended.

  KEYS[1]  due      lanes of the destination by their next attempt
  KEYS[2]  lane     batches, oldest first
  KEYS[3]  head     how far the first batch has come
  KEYS[4]  history  settled attempts
  KEYS[5]  dead     dead letters

  ARGV[1]  member   the lane in the due index
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

local call = redis.call

if call('HGET', head, 'token') ~= token then
  return {'stale', 0, 0}
end

-- What is due at once needs no clock: it was due at any time.
local dropped, next_attempt = 0, '0'
if verdict == 'drop' or verdict == 'bury' then
  local batch = call('LPOP', lane)
  call('DEL', head)
  if verdict == 'bury' then
    call('XADD', dead, '*', 'letter', ARGV[8], 'batch', batch)
    dropped = call('XTRIM', dead, 'MAXLEN', '=', ARGV[9])
  end
elseif verdict == 'retry' then
  local time = call('TIME')
  next_attempt = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000) + wait)
  call('HDEL', head, 'token')
  call('HSET', head, 'due', next_attempt, 'asked', ARGV[5])
elseif call('HINCRBY', head, 'attempts', -1) > 0 then
  call('HDEL', head, 'token', 'due')
else
  call('DEL', head)
end

if ARGV[6] ~= '' then
  call('XADD', history, 'MAXLEN', '~', ARGV[7], '*', 'record', ARGV[6])
end

local left = call('LLEN', lane)
if left > 0 then
  call('ZADD', due, next_attempt, member)
else
  call('ZREM', due, member)
end
return {'settled', left, dropped}
