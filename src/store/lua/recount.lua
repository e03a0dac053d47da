#!lua flags=allow-oom
--[[
  recount: put right how much of a kind waits in a shard.

  KEYS[1]  held  how many there are, their bytes, and of each buffer: see count_held

  ARGV[1]  known  fields that it had before they were counted
  then, in pairs, those fields with what they said, and behind them, in pairs,
  what was counted

  Output: 1, or 0 when something came or went meanwhile: nothing changed

  It may use memory beyond maxmemory: there are no more fields than buffers.
]]
local held, known = KEYS[1], tonumber(ARGV[1])
local call = redis.call

if call('HLEN', held) ~= known then return 0 end
for i = 2, 2 * known, 2 do
  if call('HGET', held, ARGV[i]) ~= ARGV[i + 1] then return 0 end
end
call('DEL', held)
for i = 2 * known + 2, #ARGV, 2 do
  call('HSET', held, ARGV[i], ARGV[i + 1])
end
return 1
