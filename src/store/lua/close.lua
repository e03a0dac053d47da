#!lua flags=allow-oom
--[[
  close: turn a window whose deadline has passed into a batch on each lane.

  KEYS[1]  timer   deleted
  KEYS[2]  window  deleted
  KEYS[3]  due     open windows by deadline; the chat's entry goes
  KEYS[4]  due of the first destination   lanes by their next attempt
  KEYS[5]  lane of the first destination  gets the batch
  ...      two more for each further destination

  ARGV[1]  member  the chat in the due indexes
  ARGV[2]  id      the batch's id
  ARGV[3]  reason  empty: close if the deadline has passed; else the reason to
                   close it at once
  ARGV[4]  wake    1: nobody is going to attempt the lanes in this moment, so
                   wake a monitor

  Output: {status, messages, reason, ms since the deadline}
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
local member, id, forced, wake = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local head = redis.call('LINDEX', window, 0)
if not head then
  redis.call('ZREM', due, member)
  return {'none', 0, '', 0}
end
local opened, _, _, _, _, deadline, reason = string.match(head, '(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%a+)')
if forced ~= '' then
  deadline, reason = now, forced
elseif tonumber(deadline) > now then
  redis.call('ZADD', due, deadline, member)
  return {'open', redis.call('LLEN', window) - 1, reason, now - deadline}
end

local items = redis.call('LRANGE', window, 1, -1)
local line = string.format('- %s %d %d %d %s %d', id, opened, now, deadline, reason, #items)
local batch = line .. '\n' .. table.concat(items, ',')
for i = 4, #KEYS, 2 do
  redis.call('RPUSH', KEYS[i + 1], batch)
  -- NX: a lane with a head in backoff or under a lease keeps its own time.
  redis.call('ZADD', KEYS[i], 'NX', now, member)
end
redis.call('DEL', window, timer)
redis.call('ZREM', due, member)
if wake == '1' then
  redis.pcall('PUBLISH', 'lull:wake', '')
end
return {'closed', #items, reason, now - deadline}
