#!lua flags=allow-oom
--[[
  give_up: make a dead letter of the first batch on a lane, because an operator wants
  that.

  KEYS[1]  due      lanes of the destination by their next attempt
  KEYS[2]  lane     batches, oldest first
  KEYS[3]  head     how far the first batch has come; deleted
  KEYS[4]  revived  batches that were revived and stand behind the first of the
                    lane, in front of all others: see revive
  KEYS[5]  dead     dead letters
  KEYS[6]  history  batches that were tried, each once
  KEYS[7]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held
  KEYS[8]  lanes  destinations that have lanes here, by when the first is due:
                see note_lane

  ARGV[1]  member    the lane in the due index
  ARGV[2]  line      about the batch, to be sure that it is still the first
  ARGV[3]  attempts  that the letter tells of: another may have been made since
  ARGV[4]  letter    JSON about the batch
  ARGV[5]  dead      most dead letters of this shard
  ARGV[6]  record    JSON about batch and attempt, for history; empty = none
  ARGV[7]  history   most entries of this shard
  ARGV[8]  retries   added to the time of a lane whose head was attempted

  Output: what is so now
    given_up
    changed   another batch is the first, or it was attempted since; nothing changed
    in_hand   an attempt is on its way; nothing changed

  It may use memory beyond maxmemory: it frees what it writes. A lease that ran out
  holds nothing: whoever had it settles nothing any more.
]]
--- @include "clock"
--- @include "count_held"
--- @include "note_lane"
--- @include "put_revived_first"
--- @include "wake"

local due, lane, head, revived, dead, history = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local member, line, record = ARGV[1], ARGV[2], ARGV[6]
local call, format = redis.call, string.format

local batch = call('LINDEX', lane, 0)
if not batch or string.sub(batch, 1, #line + 1) ~= line .. '\n' then return 'changed' end
local now = clock()
local state = call('HMGET', head, 'attempts', 'due', 'token', 'entry')
if state[3] and tonumber(state[2] or 0) > now then return 'in_hand' end
if (state[1] or '0') ~= ARGV[3] then return 'changed' end

call('XADD', dead, '*', 'letter', ARGV[4], 'batch', batch)
call('XTRIM', dead, 'MAXLEN', '=', ARGV[5])
if record ~= '' then
  local fields = {'record', record}
  -- What was sent last, and the attempts before that, stay as they were told.
  local told = state[4] and call('XRANGE', history, state[4], state[4])[1]
  for i = 1, told and #told[2] or 0, 2 do
    if told[2][i] ~= 'record' then
      fields[#fields + 1], fields[#fields + 2] = told[2][i], told[2][i + 1]
    end
  end
  if told then call('XDEL', history, state[4]) end
  call('XADD', history, 'MAXLEN', '~', ARGV[7], '*', unpack(fields))
end

call('LPOP', lane)
call('DEL', head)
count_held(KEYS[7], member, -1, -#batch)
put_revived_first(lane, revived)
local next = call('LINDEX', lane, 0)
if next then
  -- What was revived has failed before.
  local at = string.sub(next, 1, 1) == '=' and tonumber(ARGV[8]) + now or now
  call('ZADD', due, format('%d', at), member)
  note_lane(KEYS[8], due, now)
  wake(due)
else
  call('ZREM', due, member)
end
return 'given_up'
