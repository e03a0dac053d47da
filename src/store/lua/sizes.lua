#!lua flags=no-writes,allow-oom
--[[
  sizes: how large some of the batches on a lane are.

  KEYS[1]  batches  of the lane, or those that were revived onto it: see revive

  ARGV[1]  from  how many are left out
  ARGV[2]  most  how many are looked at

  Output: {how many were there, their bytes}

  What was said stays here: it can be a million times as long.
]]
--- @include "revived"

local batches, from, to = KEYS[1], ARGV[1], ARGV[1] + ARGV[2] - 1
local call = redis.call

local found, less = {}, 0
if call('TYPE', batches).ok == 'zset' then
  found, less = call('ZRANGE', batches, from, to), PLACE
else
  found = call('LRANGE', batches, from, to)
end
local bytes = 0
for _, batch in ipairs(found) do
  bytes = bytes + #batch - less
end
return {#found, bytes}
