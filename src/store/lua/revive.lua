#!lua flags=allow-oom
--[[
  revive: put a dead letter back in front of what waits on its lane.

  KEYS[1]  due   lanes of the destination by their next attempt
  KEYS[2]  lane  batches, oldest first
  KEYS[3]  head  exists while the first batch has attempts behind it
  KEYS[4]  dead  dead letters

  ARGV[1]  member  the lane in the due index
  ARGV[2]  entry   of the dead letter in its stream
  ARGV[3]  retries  added to the time of a lane whose head was attempted

  Output: 1, or 0 when there is no such dead letter (any more)

  A head that was attempted stays in front: its state is about the first place,
  and it may be on its way at this moment. The batch is marked "=" so that no
  lease joins it with others: under its id it must stay what it was. Among
  batches so marked the older goes first, in whatever order they are revived, and
  of the messages of one window the one that was said first.
]]
local due, lane, head, dead = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local member, entry = ARGV[1], ARGV[2]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local found = redis.call('XRANGE', dead, entry, entry)[1]
if not found then return 0 end
local fields = found[2]
local batch = nil
for i = 1, #fields, 2 do
  if fields[i] == 'batch' then batch = '=' .. string.sub(fields[i + 1], 2) end
end

-- When a batch was closed, its id, and the number of one that was split off.
local LINE = '^(.) ([^%s-]+)%-?(%d*) %d+ (%d+) '
local _, id, number, closed = string.match(batch, LINE)

local function goes_before(line)
  local mark, other_id, other_number, other = string.match(line, LINE)
  if mark ~= '=' then return true end
  if other ~= closed then return tonumber(other) > tonumber(closed) end
  return other_id == id and tonumber(other_number) > tonumber(number)
end

local place = redis.call('EXISTS', head)
local behind = redis.call('LINDEX', lane, place)
while behind and not goes_before(behind) do
  place = place + 1
  behind = redis.call('LINDEX', lane, place)
end
if behind then
  redis.call('LINSERT', lane, 'BEFORE', behind, batch)
else
  redis.call('RPUSH', lane, batch)
end
redis.call('ZADD', due, 'NX', string.format('%d', ARGV[3] + now), member)
redis.call('XDEL', dead, entry)
redis.pcall('PUBLISH', 'lull:wake', '')
return 1
