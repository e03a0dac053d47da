#!lua flags=allow-oom
--[[
  pause: leave a chat alone for a while, and drop its open window and follow-up.

  KEYS[1]  timer   deleted
  KEYS[2]  window  deleted
  KEYS[3]  due     open windows by deadline; the chat's entry goes
  KEYS[4]  paused  gets the chat, by the time until when
  KEYS[5]  later   what waits for its time, by when; the follow-up goes
  KEYS[6]  items   of each its time and what it holds; likewise

  ARGV[1]  member  the chat in the due index
  ARGV[2]  length  ms; a pause that lasts longer already is not shortened
  ARGV[3]  follow-up  of the chat, in the index of what waits

  Output: how many messages were dropped

  One script, because a message between cancelling and pausing would open a
  window that talks over whoever has taken over. It may use memory beyond
  maxmemory: it mostly frees some, and what it stops must stop.
]]
local timer, window, due, paused = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local later, items = KEYS[5], KEYS[6]
local member = ARGV[1]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local count = math.max(redis.call('LLEN', window) - 1, 0)
redis.call('DEL', window, timer)
redis.call('ZREM', due, member)
redis.call('ZREM', later, ARGV[3])
redis.call('HDEL', items, ARGV[3])
redis.call('ZADD', paused, 'GT', string.format('%d', now + ARGV[2]), member)
return count
