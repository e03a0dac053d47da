#!lua flags=no-writes,allow-oom
--[[
  holding: which of some lanes hold a batch, among the first of each.

  KEYS     lanes    batches, oldest first

  ARGV[1]  id       of the batch
  ARGV[2]  most     batches of each lane that are looked at

  Output: the places of those lanes among the keys, from 1

  A script, because batches are large and their ids are short.
]]
local id, most = ARGV[1], ARGV[2]

local holding = {}
for place, lane in ipairs(KEYS) do
  for _, batch in ipairs(redis.call('LRANGE', lane, 0, most - 1)) do
    if string.match(batch, '^%S+ (%S+) ') == id then
      holding[#holding + 1] = place
      break
    end
  end
end
return holding
