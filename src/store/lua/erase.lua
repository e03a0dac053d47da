#!lua flags=allow-oom
--[[
  erase: drop the batches of one chat from a lane.

  KEYS[1]  due   lanes of the destination by their next attempt
  KEYS[2]  lane  batches, oldest first
  KEYS[3]  head  deleted if the first batch goes, so that an attempt on its way
                 settles nothing any more

  ARGV[1]  member  of the lane in the due index
  ARGV[2]  whose   last word of the lines about the batches that go, where the
                   chats of a buffer share the lane; empty = all go

  Output: how many batches were dropped
]]
local due, lane, head = KEYS[1], KEYS[2], KEYS[3]
local member, whose = ARGV[1], ARGV[2]
local call = redis.call

local kept, dropped, first_goes = {}, 0, false
for i, batch in ipairs(call('LRANGE', lane, 0, -1)) do
  if whose == '' or string.match(batch, '^[^\n]* (%S+)\n') == whose then
    dropped = dropped + 1
    first_goes = first_goes or i == 1
  else
    kept[#kept + 1] = batch
  end
end
if dropped == 0 then return 0 end

call('DEL', lane)
for _, batch in ipairs(kept) do
  call('RPUSH', lane, batch)
end
if first_goes then
  call('DEL', head)
end
if #kept == 0 then
  call('ZREM', due, member)
elseif first_goes then
  call('ZADD', due, 0, member)
  redis.pcall('PUBLISH', 'lull:wake', '')
end
return dropped
