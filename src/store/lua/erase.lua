#!lua flags=allow-oom
--[[
  erase: drop the batches of one chat from a lane.

  KEYS[1]  due   lanes of the destination by their next attempt
  KEYS[2]  lane  batches, oldest first
  KEYS[3]  head  deleted if the first batch goes, so that an attempt on its way
                 settles nothing any more
  KEYS[4]  revived  batches that were revived and stand behind the first of the
                    lane: see revive
  KEYS[5]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held
  KEYS[6]  lanes  destinations that have lanes here, by when the first is due:
                see note_lane

  ARGV[1]  member  of the lane in the due index
  ARGV[2]  whose   last word of the lines about the batches that go, where the
                   chats of a buffer share the lane; empty = all go

  Output: how many batches were dropped
]]
--- @include "count_held"
--- @include "note_lane"
--- @include "put_revived_first"
--- @include "revived"
--- @include "wake"

local due, lane, head, revived = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local member, whose = ARGV[1], ARGV[2]
local call = redis.call

local function goes(batch)
  return whose == '' or string.match(batch, '^[^\n]* (%S+)\n') == whose
end

local kept, dropped, bytes, first_goes = {}, 0, 0, false
for _, again in ipairs(call('ZRANGE', revived, 0, -1)) do
  if goes(again) then
    dropped, bytes = dropped + 1, bytes + #again - PLACE
    call('ZREM', revived, again)
  end
end
for i, batch in ipairs(call('LRANGE', lane, 0, -1)) do
  if goes(batch) then
    dropped, bytes = dropped + 1, bytes + #batch
    first_goes = first_goes or i == 1
  else
    kept[#kept + 1] = batch
  end
end
if dropped == 0 then return 0 end
count_held(KEYS[5], member, -dropped, -bytes)

call('DEL', lane)
for _, batch in ipairs(kept) do
  call('RPUSH', lane, batch)
end
if first_goes then
  call('DEL', head)
  put_revived_first(lane, revived)
end
if call('EXISTS', lane) == 0 then
  call('ZREM', due, member)
elseif first_goes then
  call('ZADD', due, 0, member)
  note_lane(KEYS[6], due, 0)
  wake(due)
end
return dropped
