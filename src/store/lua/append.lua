#!lua
--[[
  append: put a message into its chat's window and work out the deadline.

  KEYS[1]  timer   set anew, to expire at the deadline
  KEYS[2]  window  a head, then the messages
  KEYS[3]  due     open windows by deadline
  KEYS[4]  seen    message ids by the time they came

  ARGV[1]  member        the chat in the due index
  ARGV[2]  item          the message, a JSON object without its first brace
  ARGV[3]  ttl           its quiet window, ms
  ARGV[4]  max wait      cap since the first message, ms; 0 = none
  ARGV[5]  max messages  per window; 0 = no limit
  ARGV[6]  max bytes     per window; 0 = no limit
  ARGV[7]  id            digest of the message id; empty = none
  ARGV[8]  keep          how long an id counts as seen, ms

  Output: {status, messages in the window, ms until the deadline}
    appended
    duplicate  the id was seen; nothing changed
    full       no room; nothing stored, the window is due now and the caller
               closes it before it comes again

  The head is opened, cap, ttl, bytes, count, deadline and reason, packed as
  '>dddddds': as text it would cost a tenth of the script's time. A window whose
  limit is reached gets a cap that has passed: then no message and no typing
  signal can move its deadline any more.

  Without allow-oom, so that a full Redis refuses before anything is written.
]]
local timer, window, due, seen = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local member, item, id = ARGV[1], ARGV[2], ARGV[7]
local ttl, max_wait = tonumber(ARGV[3]), tonumber(ARGV[4])
local max_messages, max_bytes = tonumber(ARGV[5]), tonumber(ARGV[6])
local call, format = redis.call, string.format
local size = #item + 1

local HEAD = '>dddddds'
local NO_CAP = 9000000000000000
-- The sweep looks ahead this far at the least; what falls due sooner must wake it.
local LOOK_AHEAD = 250

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local opened, cap, bytes, count, deadline, reason = now, 0, 0, 0, now, 'quiet'
local head = call('LINDEX', window, 0)
if head then
  local _
  opened, cap, _, bytes, count, deadline, reason = struct.unpack(HEAD, head)
end

local function packed_head()
  return struct.pack(HEAD, opened, cap, ttl, bytes, count, deadline, reason)
end

local function announce()
  -- Written out here, because Redis writes a Lua number far more slowly.
  local at = format('%d', deadline)
  -- A key set to expire in the past is deleted without an event.
  local expiry = deadline > now and at or format('%d', now + 1)
  if not head or call('PEXPIREAT', timer, expiry) == 0 then
    call('SET', timer, '', 'PXAT', expiry)
  end
  call('ZADD', due, at, member)
  if deadline - now < LOOK_AHEAD then
    -- Only a hint: a user without the right to publish must not fail here, with the script done.
    redis.pcall('PUBLISH', 'lull:wake', '')
  end
end

if id ~= '' then
  call('ZREMRANGEBYSCORE', seen, '-inf', now - tonumber(ARGV[8]))
  if call('ZSCORE', seen, id) then
    return {'duplicate', count, math.max(deadline - now, 0)}
  end
end

local full_of = nil
if head and max_messages > 0 and count >= max_messages then
  full_of = 'messages'
elseif head and max_bytes > 0 and bytes + size > max_bytes then
  full_of = 'bytes'
end
if full_of then
  if deadline > now then
    cap, deadline, reason = now, now, full_of
    call('LSET', window, 0, packed_head())
    announce()
  end
  return {'full', count, 0}
end

count, bytes = count + 1, bytes + size
if max_wait > 0 then
  cap = math.max(cap, opened + math.max(max_wait, ttl))
else
  cap = NO_CAP
end
deadline, reason = now + ttl, 'quiet'
if deadline > cap then
  deadline, reason = cap, 'cap'
end
if max_messages > 0 and count >= max_messages then
  cap, deadline, reason = now, now, 'messages'
elseif max_bytes > 0 and bytes >= max_bytes then
  cap, deadline, reason = now, now, 'bytes'
end

local stamped = format('{"at":%d,', now) .. item
if head then
  call('LSET', window, 0, packed_head())
  call('RPUSH', window, stamped)
else
  call('RPUSH', window, packed_head(), stamped)
end
if id ~= '' then
  call('ZADD', seen, now, id)
end
announce()
return {'appended', count, math.max(deadline - now, 0)}
