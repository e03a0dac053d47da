#!lua flags=allow-oom
--[[
  recall: take a message of a queue back that waits for its first attempt.

  KEYS[1]  due      lanes of the destination by their next attempt
  KEYS[2]  lane     batches, oldest first
  KEYS[3]  head     exists while the first batch has attempts behind it, or is
                    leased
  KEYS[4]  revived  batches that were revived and stand behind the first of the
                    lane, in front of all others: see revive
  KEYS[5]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held
  KEYS[6]  ids      the turn of the sets of message ids, those, and the
                    older ones: 6 keys, see id_sets
  KEYS[12] lanes    destinations that have lanes here, by when the first is due:
                    see note_lane

  ARGV[1]  member   the lane in the due index
  ARGV[2]  batch    whole, as it stands on the lane
  ARGV[3]  id       digest of the message id
  ARGV[4]  retries  added to the time of a lane whose head was attempted
  ARGV[5]  beside   what an older Lull needs: see id_sets

  Output: what is so now
    recalled
    tried    it is being tried, or was; nothing changed
    gone     it is not on the lane; nothing changed
]]
--- @include "clock"
--- @include "count_held"
--- @include "forget_id"
--- @include "note_lane"
--- @include "put_revived_first"
--- @include "wake"

local due, lane, head, revived, on_lanes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
-- KEYS[6] and on.
local IDS = 6
local member, batch, id, retries = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local call, format = redis.call, string.format

if call('LINDEX', lane, 0) == batch then
  if call('EXISTS', head) == 1 then return 'tried' end
  call('LPOP', lane)
  put_revived_first(lane, revived)
  local next = call('LINDEX', lane, 0)
  if next then
    local now = clock()
    -- What was revived has failed before.
    local at = string.sub(next, 1, 1) == '=' and retries + now or now
    call('ZADD', due, format('%d', at), member)
    note_lane(KEYS[12], due, now)
    wake(due)
  else
    call('ZREM', due, member)
  end
-- From the end: what was taken back came lately.
elseif call('LREM', lane, -1, batch) == 0 then
  return 'gone'
end
count_held(on_lanes, member, -1, -#batch)
forget_id(IDS, id, ARGV[5])
return 'recalled'
