#!lua
--[[
  touch: note that a buffer and its destination are in use.

  KEYS[1]  used         when each was last used

  ARGV[1]  buffer       such as buffer:c-0123456789abcdef
  ARGV[2]  destination  such as destination:c-0123456789abcdef

  Output: the time, ms since 1970
]]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1], now, ARGV[2])
return now
