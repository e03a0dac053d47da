#!lua flags=no-writes,allow-oom
--[[
  sift: find entries of an index that hold some words, the next that is due first.

  KEYS[1]  due   an index: members by when they are due

  ARGV[1]  from  the first score that is looked at, such as 5 or (5
  ARGV[2]  words a member holds, if it is looked for
  ARGV[3]  most  entries to look at; of those that are due in the very moment of
                 the last of them all are
  ARGV[4]  limit entries that are looked for

  Output: {members and scores that were found, in order; up to which score all was
           looked at, empty = all there is}
]]
local due, words = KEYS[1], ARGV[2]
local most, limit = tonumber(ARGV[3]), tonumber(ARGV[4])

local found = {}
local function sift(entries)
  for i = 1, #entries, 2 do
    if string.find(entries[i], words, 1, true) then
      found[#found + 1], found[#found + 2] = entries[i], entries[i + 1]
    end
  end
end

-- A few at a time, because mostly a page is full after those.
local AT_A_TIME = 64

local from, last = ARGV[1], ''
while most > 0 and #found < 2 * limit do
  local entries = redis.call('ZRANGE', due, from, '+inf', 'BYSCORE', 'LIMIT', 0, AT_A_TIME, 'WITHSCORES')
  if #entries == 0 then return {found, ''} end
  last = entries[#entries]
  -- All of its last moment, and not some of them.
  while #entries > 0 and entries[#entries] == last do
    entries[#entries], entries[#entries - 1] = nil, nil
  end
  sift(entries)
  sift(redis.call('ZRANGE', due, last, last, 'BYSCORE', 'WITHSCORES'))
  most = most - AT_A_TIME
  from = '(' .. last
end
return {found, last}
