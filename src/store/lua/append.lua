#!lua
--[[
  append: put a message into its chat's window and work out the deadline.

  KEYS[1]  timer   set anew, to expire at the deadline
  KEYS[2]  window  a head, then the messages
  KEYS[3]  due     open windows by deadline
  KEYS[4]  seen    message ids by the time they came
  KEYS[5]  paused  chats that are left alone, by the time until when
  KEYS[6]  received  messages as they came
  KEYS[7]  alive   marks of buffers, by their lives
  KEYS[8]  heard   chats by the time they were last heard from; only where
                   newly heard ones have a quiet window of their own, or silent
                   ones are followed up
  KEYS[9]  later   what waits for its time, by when; only where silent chats are
                   followed up
  KEYS[10] items   of each its time and what it holds; likewise

  ARGV[1]  member        the chat in the due index
  ARGV[2]  item          the message, a JSON object without its first brace
  ARGV[3]  ttl           its quiet window, ms
  ARGV[4]  max wait      cap since the first message, ms; 0 = none
  ARGV[5]  max messages  per window; 0 = no limit
  ARGV[6]  max bytes     per window; 0 = no limit
  ARGV[7]  id            digest of the message id; empty = none
  ARGV[8]  keep          how long an id counts as seen, ms
  ARGV[9]  received      most messages that this shard keeps; 0 = none
  ARGV[10] payload       1: with what was said
  ARGV[11] look ahead    a sweep looks again within so many ms: what falls due
                         sooner must wake it
  ARGV[12] buffer        its field among the marks; empty = it is always there
  ARGV[13] life          the mark that it must have

  A plain message of a plain buffer ends here; any other brings all of these:
  ARGV[14]  fixed        1: only the first message sets the deadline
  ARGV[15]  flush        1: the window is due at once
  ARGV[16]  media        1: it is no text, and waits for one, up to the cap
  ARGV[17]  text         digest of its text, to drop it if the message before
                         it has the same; empty = none
  ARGV[18]  first wait   the quiet window, ms, if nothing was heard from the
                         chat for so long; empty = ttl
  ARGV[19]  first after  so long, ms
  ARGV[20]  follow-up    of the chat, in the index of what waits: a message that
                         is new takes it back, whatever becomes of the message

  Output: {status, messages in the window, ms until the deadline}
    appended
    gone       the buffer is not there (any more), or has another life; nothing
               stored
    duplicate  the id was seen; nothing changed
    repeated   the text was said just before; only the id is remembered
    paused     the chat is left alone, for the ms answered; only the id is
               remembered
    full       no room, or a flush word was said; nothing stored, the window is
               due now and the caller closes it before it comes again

  The head is opened, cap, quiet, bytes, count, deadline, kind, text and reason,
  packed as '>ddddddBss': as text it would cost a tenth of the script's time.
  A window that is full or flushed gets a cap that has passed: then no message
  and no typing signal can move its deadline any more.

  Without allow-oom, so that a full Redis refuses before anything is written.
]]
local timer, window, due = KEYS[1], KEYS[2], KEYS[3]
local seen, paused, received, alive = KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local heard, later, items = KEYS[8], KEYS[9], KEYS[10]
local member, item, id = ARGV[1], ARGV[2], ARGV[7]
local ttl, max_wait = tonumber(ARGV[3]), tonumber(ARGV[4])
local max_messages, max_bytes = tonumber(ARGV[5]), tonumber(ARGV[6])
local look_ahead = tonumber(ARGV[11])
local said, first_wait = ARGV[17] or '', tonumber(ARGV[18])
local call, format = redis.call, string.format
local size = #item + 1

local HEAD = '>ddddddBss'
local NO_CAP = 9000000000000000
-- What may still set the deadline of a window: any message; none; the first text, as it holds only media.
local RESTARTS, FIXED, MEDIA = 0, 1, 2

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local opened, cap, quiet, bytes, count, deadline = now, 0, ttl, 0, 0, now
local kind, text, reason = RESTARTS, '', 'quiet'
local head = call('LINDEX', window, 0)
if head then
  opened, cap, quiet, bytes, count, deadline, kind, text, reason = struct.unpack(HEAD, head)
end
local announced = deadline

local function packed_head()
  return struct.pack(HEAD, opened, cap, quiet, bytes, count, deadline, kind, text, reason)
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
  if deadline - now < look_ahead then
    -- Only a hint: a user without the right to publish must not fail here, with the script done.
    redis.pcall('PUBLISH', 'lull:wake', '')
  end
end

-- Decided here and not by what the caller knows: it may have been held up since it asked.
if ARGV[12] ~= '' and call('HGET', alive, ARGV[12]) ~= ARGV[13] then
  return {'gone', 0, 0}
end

if id ~= '' then
  local at = format('%d', now)
  -- Noted in the same call that asks: a window that has no room takes it back.
  if call('ZADD', seen, 'NX', at, id) == 0 then
    -- One that is too old may still stand here until the housekeeper comes by.
    if now - call('ZSCORE', seen, id) <= tonumber(ARGV[8]) then
      return {'duplicate', count, math.max(deadline - now, 0)}
    end
    call('ZADD', seen, at, id)
  end
end

if heard then
  if first_wait and not head then
    local last = call('ZSCORE', heard, member)
    if not last or now - last >= tonumber(ARGV[19]) then
      ttl = first_wait
    end
  end
  call('ZADD', heard, format('%d', now), member)
end

if later then
  call('ZREM', later, ARGV[20])
  call('HDEL', items, ARGV[20])
end

-- A paused chat has no window: the pause has dropped it.
local paused_until = not head and call('ZSCORE', paused, member)
if paused_until then
  if now < tonumber(paused_until) then
    return {'paused', count, paused_until - now}
  end
  call('ZREM', paused, member)
end

if head and said ~= '' and said == text then
  return {'repeated', count, math.max(deadline - now, 0)}
end

local full_of = nil
if head and reason == 'word' then
  full_of = reason
elseif head and max_messages > 0 and count >= max_messages then
  full_of = 'messages'
elseif head and max_bytes > 0 and bytes + size > max_bytes then
  full_of = 'bytes'
end
if full_of then
  if id ~= '' then
    call('ZREM', seen, id)
  end
  if deadline > now then
    cap, deadline, reason = now, now, full_of
    call('LSET', window, 0, packed_head())
    announce()
  end
  return {'full', count, 0}
end

count, bytes, text = count + 1, bytes + size, said
if max_wait > 0 then
  cap = math.max(cap, opened + math.max(max_wait, ttl))
else
  cap = NO_CAP
end
if ARGV[16] == '1' and max_wait > 0 and (not head or kind == MEDIA) then
  -- The quiet time to its cap: a person who stops typing puts the deadline back to it.
  kind, quiet, deadline, reason = MEDIA, cap - opened, cap, 'cap'
elseif kind ~= FIXED then
  quiet, deadline, reason = ttl, now + ttl, 'quiet'
  if ARGV[14] == '1' then
    kind, quiet = FIXED, deadline - opened
  else
    kind = RESTARTS
  end
  if deadline > cap then
    deadline, reason = cap, 'cap'
  end
end
if ARGV[15] == '1' then
  cap, deadline, reason = now, now, 'word'
elseif max_messages > 0 and count >= max_messages then
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
if not head or deadline ~= announced then
  announce()
end
if ARGV[10] == '1' then
  call('XADD', received, 'MAXLEN', '~', ARGV[9], '*', 'chat', member, 'item', stamped)
elseif ARGV[9] ~= '0' then
  call('XADD', received, 'MAXLEN', '~', ARGV[9], '*', 'chat', member)
end
return {'appended', count, math.max(deadline - now, 0)}
