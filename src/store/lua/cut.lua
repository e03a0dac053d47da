#!lua flags=no-writes,allow-oom
--[[
  cut: whether a list may lack entries that came after a moment.

  KEYS[1]  list  a stream
  ARGV[1]  since  the moment, ms

  Output: 1, if something was dropped from it and what is left begins later; else 0
]]
local list, since = KEYS[1], tonumber(ARGV[1])
if redis.call('EXISTS', list) == 0 then return 0 end

local told = {}
local info = redis.call('XINFO', 'STREAM', list)
for i = 1, #info, 2 do
  told[info[i]] = info[i + 1]
end
local first = told['first-entry'] or {told['last-generated-id']}
local begins = tonumber(string.match(first[1], '^%d+'))
if told['entries-added'] > told['length'] and begins > since then return 1 end
return 0
