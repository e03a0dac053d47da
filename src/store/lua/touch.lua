#!lua
--[[
  touch: note that a buffer and its destination are in use.

  KEYS[1]  used         when each was last used

  ARGV[1]  buffer       such as buffer:c-0123456789abcdef
  ARGV[2]  destination  such as destination:c-0123456789abcdef

  Output: the time, ms since 1970
]]
--- @include "clock"

local now = clock()
redis.call('ZADD', KEYS[1], now, ARGV[1], now, ARGV[2])
return now
