#!lua
--[[
  enqueue: put a message straight onto each lane of its buffer, as a batch of its
  own.

  KEYS[1]  seen      message ids by the time they came
  KEYS[2]  received  messages as they came
  KEYS[3]  alive     marks of destinations, by their lives
  KEYS[4]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held
  KEYS[5]  due of the first destination   lanes by their next attempt
  KEYS[6]  lane of the first destination  gets the batch
  ...      two more for each further destination

  ARGV[1]  id        the batch's
  ARGV[2]  item      the message, a JSON object without its first brace
  ARGV[3]  reason    of the batch
  ARGV[4]  lane      the chat in the due indexes of lanes
  ARGV[5]  whose     in an ordered buffer the chat as a word with a space before
                     it, else empty
  ARGV[6]  message   digest of the message id; empty = none
  ARGV[7]  keep      how long an id counts as seen, ms
  ARGV[8]  member    the chat among the messages as they came
  ARGV[9]  received  most messages that this shard keeps; 0 = none
  ARGV[10] payload   1: with what was said
  then, in pairs:
           field   of each that must be there, among the marks
           mark    that it must have

  Output: {status, when the message came}
    queued
    duplicate  the id was seen; nothing changed
    gone       a destination is not there (any more), or has another life; nothing
               stored

  The batch is marked "/", so that no lease joins it with others.

  One script, because a message whose id was noted and which is on no lane would
  be lost. Without allow-oom, so that a full Redis refuses before anything is
  written.
]]
local seen, received, alive, on_lanes = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, reason, lane_member, whose, message = ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local call, format = redis.call, string.format

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local at = format('%d', now)

for i = 11, #ARGV, 2 do
  if call('HGET', alive, ARGV[i]) ~= ARGV[i + 1] then
    return {'gone', 0}
  end
end

if message ~= '' and call('ZADD', seen, 'NX', at, message) == 0 then
  -- One that is too old may still stand here until the housekeeper comes by.
  local came = tonumber(call('ZSCORE', seen, message))
  if now - came <= tonumber(ARGV[7]) then
    return {'duplicate', came}
  end
  call('ZADD', seen, at, message)
end

local item = format('{"at":%d,', now) .. ARGV[2]
local batch = format('/ %s %d %d %d %s 1%s\n', id, now, now, now, reason, whose) .. item
local was_empty = false
for i = 5, #KEYS, 2 do
  call('RPUSH', KEYS[i + 1], batch)
  count_held(on_lanes, lane_member, 1, #batch)
  -- NX: a lane with a head in backoff or under a lease keeps its own time.
  was_empty = call('ZADD', KEYS[i], 'NX', at, lane_member) == 1 or was_empty
end
if ARGV[10] == '1' then
  call('XADD', received, 'MAXLEN', '~', ARGV[9], '*', 'chat', ARGV[8], 'item', item)
elseif ARGV[9] ~= '0' then
  call('XADD', received, 'MAXLEN', '~', ARGV[9], '*', 'chat', ARGV[8])
end
if was_empty then
  -- Only a hint: a user without the right to publish must not fail here, with the script done.
  redis.pcall('PUBLISH', 'lull:wake', '')
end
return {'queued', now}
