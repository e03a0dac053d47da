#!lua flags=allow-oom
--[[
  due_lanes: look when the first lane to each of some destinations is due in a shard,
  and note that.

  KEYS[1]  lanes  destinations that have lanes in this shard, by when the first is
                  due, or sooner; one that has none may stand there, too
  KEYS[2]  due of the first destination  lanes by their next attempt
  ...      one more for each further destination

  ARGV[1]  retries  added to the time of a lane whose head was attempted

  Output: the time, then for each destination when its first lane is due, by Redis's
          clock, ms since 1970; -1 = it has none

  One script, because what falls due between the look and the note would be noted as
  due too late, and nobody would come for it.
]]
--- @include "clock"
--- @include "destination_of"

local lanes, retries = KEYS[1], tonumber(ARGV[1])
local call, format = redis.call, string.format

-- What was never attempted comes first in an index, however long retries have been due.
local function first_in(due)
  local first = tonumber(call('ZRANGE', due, 0, 0, 'WITHSCORES')[2] or -1)
  if first >= retries then return first - retries end
  if first < 0 then return first end
  local retry = call('ZRANGE', due, ARGV[1], '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')[2]
  return retry and math.min(first, retry - retries) or first
end

local found = {clock()}
for i = 2, #KEYS do
  local first, destination = first_in(KEYS[i]), destination_of(KEYS[i])
  if first < 0 then
    call('ZREM', lanes, destination)
  else
    call('ZADD', lanes, format('%d', first), destination)
  end
  found[i] = first
end
return found
