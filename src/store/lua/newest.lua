#!lua flags=no-writes,allow-oom
--[[
  newest: read entries of a stream, the newest first, a little at a time.

  KEYS[1]  stream  such as the history

  ARGV[1]  newest  the first entry that is wanted
  ARGV[2]  oldest  the last one
  ARGV[3]  most    entries to read; 0 = only the id of the first
  ARGV[4]  bytes   after so many no further entry is read

  Output: {entries, whether there may be more}, an entry as XRANGE shows it

  One entry can hold a megabyte, and nobody knows before how long so many are: few are read first, then more at once.
]]
local stream, newest, oldest = KEYS[1], ARGV[1], ARGV[2]
local most, left = tonumber(ARGV[3]), tonumber(ARGV[4])
local MOST_AT_ONCE = 16

if most == 0 then
  local found = redis.call('XREVRANGE', stream, newest, oldest, 'COUNT', 1)[1]
  if found then return {{{found[1], {}}}, 1} end
  return {{}, 0}
end

local entries, at_once = {}, 1
while true do
  local found = redis.call('XREVRANGE', stream, newest, oldest, 'COUNT', math.min(at_once, most - #entries))
  for _, entry in ipairs(found) do
    entries[#entries + 1] = entry
    for _, word in ipairs(entry[2]) do left = left - #word end
    if left <= 0 or #entries >= most then return {entries, 1} end
  end
  if #found < at_once then return {entries, 0} end
  newest = '(' .. found[#found][1]
  at_once = math.min(2 * at_once, MOST_AT_ONCE)
end
