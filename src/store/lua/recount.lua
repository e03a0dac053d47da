#!lua flags=allow-oom
--[[
  recount: put right how much of a kind waits in a shard.

  KEYS[1]  held   how many there are, their bytes, and of each buffer: see count_held
  KEYS[2]  index  of windows or of what waits for its time
  or from there on, of lanes, the keys of their batches: see lease and revive

  ARGV[1]  known    fields that it had before anything was counted
  ARGV[2]  counted  fields that it is to have
  ARGV[3]  of       index or lanes
  then the known fields with what they said, in pairs, those that were counted,
  in pairs, and what was counted: members of the index, or how many batches each
  key held

  Output: 1, or 0 when something came or went meanwhile: nothing changed

  What came and went again leaves the fields as they were. So what was counted
  must still be there. It may use memory beyond maxmemory: there are no more
  fields than buffers.
]]
local held, known, counted, of = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local call = redis.call

if call('HLEN', held) ~= known then return 0 end
local first = 4 + 2 * known
for i = 4, first - 1, 2 do
  if call('HGET', held, ARGV[i]) ~= ARGV[i + 1] then return 0 end
end
local behind = first + 2 * counted
for i = behind, #ARGV do
  if of == 'index' then
    if not call('ZSCORE', KEYS[2], ARGV[i]) then return 0 end
  else
    local batches = KEYS[2 + i - behind]
    local size = call('TYPE', batches).ok == 'zset' and 'ZCARD' or 'LLEN'
    if call(size, batches) ~= tonumber(ARGV[i]) then return 0 end
  end
end
call('DEL', held)
for i = first, behind - 1, 2 do
  call('HSET', held, ARGV[i], ARGV[i + 1])
end
return 1
