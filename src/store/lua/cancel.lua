#!lua flags=allow-oom
--[[
  cancel: drop an open window with its messages.

  KEYS[1]  timer   deleted
  KEYS[2]  window  deleted
  KEYS[3]  due     open windows by deadline; the chat's entry goes

  ARGV[1]  member  the chat in the due index

  Output: how many messages were dropped
]]
local timer, window, due = KEYS[1], KEYS[2], KEYS[3]

local count = math.max(redis.call('LLEN', window) - 1, 0)
redis.call('DEL', window, timer)
redis.call('ZREM', due, ARGV[1])
return count
