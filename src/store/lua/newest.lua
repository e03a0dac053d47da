#!lua flags=no-writes,allow-oom
--[[
  newest: read entries of a stream, the newest first, a little at a time.

  KEYS[1]  stream  such as the history

  ARGV[1]  newest  the first entry that is wanted
  ARGV[2]  oldest  the last one
  ARGV[3]  most    entries to read; 0 = only the id of the first
  ARGV[4]  bytes   after so many no further entry is read

  Output: {entries, whether there may be more}, an entry as XRANGE shows it

  One entry can hold a megabyte: nobody knows before how long so many are.
]]
local stream, newest, oldest = KEYS[1], ARGV[1], ARGV[2]
local most, left = tonumber(ARGV[3]), tonumber(ARGV[4])

local entries = {}
while true do
  local found = redis.call('XREVRANGE', stream, newest, oldest, 'COUNT', 1)[1]
  if not found then return {entries, 0} end
  if most == 0 then return {{{found[1], {}}}, 1} end
  entries[#entries + 1] = found
  for _, word in ipairs(found[2]) do left = left - #word end
  if left <= 0 or #entries >= most then return {entries, 1} end
  newest = '(' .. found[1]
end
