#!lua flags=allow-oom
--[[
  close: turn a window whose deadline has passed into a batch on each lane.

  KEYS[1]  timer   deleted
  KEYS[2]  window  deleted
  KEYS[3]  due     open windows by deadline; the chat's entry goes
  KEYS[4]  due of the first destination   lanes by their next attempt
  KEYS[5]  lane of the first destination  gets the batch
  KEYS[6]  head of the first destination  set if the batch is leased
  ...      three more for each further destination

  ARGV[1]  member  the chat in the due indexes
  ARGV[2]  id      the batch's id
  ARGV[3]  reason  empty: close if the deadline has passed; else the reason to
                   close it at once
  ARGV[4]  wake    1: nobody is going to attempt the lanes in this moment, so
                   wake a monitor
  ARGV[5]  token   empty, or that of a lease on the first destination's lane, to
                   be taken in the same step if the batch is the only one on it
  ARGV[6]  length  of the lease, ms

  Output: {status, messages, reason, ms since the deadline, when it was closed,
           the batch if it was leased, else empty}
    closed
    open    the deadline lies ahead: a message or a typing signal has moved it;
            the due entry is put back to it
    none    there is no window

  A batch is a line "- id opened closed deadline reason count", then the
  messages with commas between them, as they came: nothing is encoded again.

  One script, because a message that came between reading and deleting would be
  lost, and one that came between two deliveries would be sent twice. It may use
  memory beyond maxmemory: it frees what it writes, and a full Redis must drain.
]]
local timer, window, due = KEYS[1], KEYS[2], KEYS[3]
local member, id, forced, wake, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local call = redis.call

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local items = call('LRANGE', window, 0, -1)
local head = table.remove(items, 1)
if not head then
  call('ZREM', due, member)
  return {'none', 0, '', 0, now, ''}
end
local opened, _, _, _, _, deadline, _, _, reason = struct.unpack('>ddddddBss', head)
if forced ~= '' then
  deadline, reason = now, forced
elseif deadline > now then
  call('ZADD', due, string.format('%d', deadline), member)
  return {'open', #items, reason, now - deadline, now, ''}
end

local line = string.format('- %s %d %d %d %s %d', id, opened, now, deadline, reason, #items)
local batch = line .. '\n' .. table.concat(items, ',')
local leased = ''
for i = 4, #KEYS, 3 do
  local only = call('RPUSH', KEYS[i + 1], batch) == 1
  if only and i == 4 and token ~= '' then
    local until_then = string.format('%d', now + ARGV[6])
    call('HSET', KEYS[i + 2], 'attempts', '1', 'due', until_then, 'token', token, 'first', string.format('%d', now))
    call('ZADD', KEYS[i], until_then, member)
    leased = batch
  else
    -- NX: a lane with a head in backoff or under a lease keeps its own time.
    call('ZADD', KEYS[i], 'NX', string.format('%d', now), member)
  end
end
call('DEL', window, timer)
call('ZREM', due, member)
if wake == '1' then
  redis.pcall('PUBLISH', 'lull:wake', '')
end
return {'closed', #items, reason, now - deadline, now, leased}
