#!lua flags=allow-oom
--[[
  run: put a run of a schedule onto its lane, and plan the next.

  KEYS[1]  later  what waits for its time, by when
  KEYS[2]  items  of each its time and what it holds
  KEYS[3]  due    the lanes of the schedule
  KEYS[4]  lane   gets the run as a batch
  KEYS[5]  alive  marks of schedules, by their lives
  KEYS[6]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held
  KEYS[7]  lanes  destinations that have lanes here, by when the first is due:
                see note_lane

  ARGV[1]  member   the schedule in the index
  ARGV[2]  planned  the time that this goes by
  ARGV[3]  next     the next time; empty = none
  ARGV[4]  id       the batch's id; empty = this run is left out
  ARGV[5]  lane     what stands for the lane in the due index
  ARGV[6]  item     the batch's message, a JSON object without its first brace
  ARGV[7]  most     runs that may wait on the lane
  ARGV[8]  mark     of the moments that this goes by; empty = those of a plan
                    that has none
  ARGV[9]  field    of the schedule among the marks; empty = it is always there
  ARGV[10] life     the mark that it must have

  Output: {status}
    run
    left out
    full   too many wait already; this one is dropped, the next is planned
    gone   the schedule is not there (any more), or has another life; nothing
           changed
    stale  another monitor was first, or the schedule has changed

  One script, so that of several monitors one alone makes each run, and none is
  lost with a monitor that dies. A newer version that runs at the same moments
  leaves the plan valid.
]]
--- @include "batch_line"
--- @include "clock"
--- @include "count_held"
--- @include "has_mark"
--- @include "note_lane"

local later, items, due, lane, alive, on_lanes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local member, planned, next_at, id, mark = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[8]
local call, format = redis.call, string.format

local at, version, known = string.match(call('HGET', items, member) or '', '^(%d+) (%d+) ?(%S*)')
if at ~= planned or known ~= mark then
  return {'stale'}
end
if not has_mark(alive, ARGV[9], ARGV[10]) then return {'gone'} end
if next_at == '' then
  call('HDEL', items, member)
  call('ZREM', later, member)
else
  call('HSET', items, member, next_at .. ' ' .. version .. ' ' .. mark)
  call('ZADD', later, next_at, member)
end
if id == '' then
  return {'left out'}
end
if call('LLEN', lane) >= tonumber(ARGV[7]) then
  return {'full'}
end
local now = format('%d', clock())
local batch = batch_line('/', id, at, now, at, 'schedule', 1, '', '') .. '{"at":' .. now .. ',' .. ARGV[6]
call('RPUSH', lane, batch)
count_held(on_lanes, ARGV[5], 1, #batch)
-- NX: a lane with a head in backoff or under a lease keeps its own time.
if call('ZADD', due, 'NX', now, ARGV[5]) == 1 then note_lane(KEYS[7], due, now) end
return {'run'}
