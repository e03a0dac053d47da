#!lua flags=allow-oom
--[[
  bury_batch: make a dead letter of the first batch on a lane whose destination is
  gone.

  KEYS[1]  due    lanes of the destination by their next attempt
  KEYS[2]  lane   batches, oldest first
  KEYS[3]  head   how far the first batch has come; deleted
  KEYS[4]  alive  marks of destinations and schedules, by their lives
  KEYS[5]  dead   dead letters
  KEYS[6]  revived  batches that were revived and stand behind the first of the
                    lane: see revive
  KEYS[7]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held

  ARGV[1]  member   the lane in the due index
  ARGV[2]  field    of the destination or schedule among the marks
  ARGV[3]  version  of the configuration that has no such thing
  ARGV[4]  line     about the batch, to be sure that it is still the first
  ARGV[5]  letter   JSON about the batch
  ARGV[6]  most     dead letters of this shard

  Output: {batches, dead letters dropped for the new}; {0, 0} when another is the
          first, or something of this name has begun to live since

  It may use memory beyond maxmemory: it frees what it writes.
]]
--- @include "count_held"
--- @include "put_revived_first"

local due, lane, head, alive, dead, revived = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local member, field, version, line = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local call = redis.call

if tonumber(call('HGET', alive, field) or 0) > version then return {0, 0} end

local batch = call('LINDEX', lane, 0)
if not batch or string.sub(batch, 1, #line + 1) ~= line .. '\n' then return {0, 0} end
call('HSET', alive, field, string.format('-%d', version))
call('XADD', dead, '*', 'letter', ARGV[5], 'batch', batch)
call('LPOP', lane)
count_held(KEYS[7], member, -1, -#batch)
call('DEL', head)
put_revived_first(lane, revived)
if call('EXISTS', lane) == 0 then
  call('ZREM', due, member)
end
return {1, call('XTRIM', dead, 'MAXLEN', '=', ARGV[6])}
