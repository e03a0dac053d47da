#!lua flags=allow-oom
--[[
  address: make of a dead letter that was to go nowhere one for each place that it
  is to go to now.

  KEYS[1]  dead  dead letters

  ARGV[1]  entry  of the letter in its stream
  then, in pairs:
           letter  JSON about a batch
           batch   the batch

  Output: the entries of the new letters; none when the old one is not there (any
          more)

  It may use memory beyond maxmemory: a full Redis must drain.
]]
local dead, entry = KEYS[1], ARGV[1]

if redis.call('XDEL', dead, entry) == 0 then return {} end
local entries = {}
for i = 2, #ARGV, 2 do
  entries[#entries + 1] = redis.call('XADD', dead, '*', 'letter', ARGV[i], 'batch', ARGV[i + 1])
end
return entries
