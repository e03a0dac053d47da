#!lua flags=no-writes,allow-oom
--[[
  stretch: read a stretch of a list or of a sorted set, as much of it as there is room for.

  KEYS[1]  entries  such as a window, a lane, or what was revived to it

  ARGV[1]  first   the place of the first entry that may be read, from 0
  ARGV[2]  newest  1 = from the last entry backwards; 0 = from the first one on
  ARGV[3]  most    entries to read
  ARGV[4]  bytes   after so many no further entry is read

  Output: {entries in the order in which they were read, 1 where there are more}

  One entry can hold megabytes: nobody knows before how long so many are.
]]
local entries, first = KEYS[1], tonumber(ARGV[1])
local backwards, most, left = ARGV[2] == '1', tonumber(ARGV[3]), tonumber(ARGV[4])

-- A few at a time, because finding a place deep in a long list takes a while.
local AT_A_TIME = 8

local sorted = redis.call('TYPE', entries).ok == 'zset'
local size = redis.call(sorted and 'ZCARD' or 'LLEN', entries)
local range = sorted and 'ZRANGE' or 'LRANGE'

local read = {}
local low, high = first, size - 1
while low <= high do
  local from, to = low, math.min(high, low + AT_A_TIME - 1)
  if backwards then from, to = math.max(low, high - AT_A_TIME + 1), high end
  local found = redis.call(range, entries, from, to)
  for i = 1, #found do
    if left <= 0 or #read >= most then return {read, 1} end
    local entry = found[backwards and #found + 1 - i or i]
    read[#read + 1] = entry
    left = left - #entry
  end
  if backwards then high = from - 1 else low = to + 1 end
end
return {read, 0}
