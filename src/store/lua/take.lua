#!lua flags=allow-oom
--[[
  take: pick what is due from one index and move it a few seconds ahead.

  KEYS[1]  due    the open windows of a shard, or its lanes to one destination

  ARGV[1]  most   how many to take
  ARGV[2]  ahead  how far to move each, ms
  ARGV[3]  from   added to each time in the scores that this is about
  ARGV[4]  to     scores from here on are about something else

  Output: {ms until the next is due, or -1 when there is none, members taken}

  Moving instead of removing: several monitors get different members, and what
  a monitor took before it died comes up again a moment later.
]]
--- @include "clock"

local due = KEYS[1]
local most, ahead, from, to = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]

local now = from + clock()

local members = redis.call('ZRANGE', due, from, string.format('%d', now), 'BYSCORE', 'LIMIT', 0, most)
if #members > 0 then
  local later, moves = string.format('%d', now + ahead), {}
  for i, member in ipairs(members) do
    moves[2 * i - 1], moves[2 * i] = later, member
  end
  -- At most 128 arguments; unpack can take some thousands.
  redis.call('ZADD', due, 'XX', unpack(moves))
end

local first = redis.call('ZRANGE', due, from, to, 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
local left = -1
if first[2] then left = math.max(tonumber(first[2]) - now, 0) end
return {left, members}
