#!lua
--[[
  append: put a message into its chat's window and work out the deadline.

  KEYS[1]  timer   set anew, to expire at the deadline
  KEYS[2]  window  a head, then the messages
  KEYS[3]  due     open windows by deadline
  KEYS[4]  paused  chats that are left alone, by the time until when
  KEYS[5]  received  messages as they came
  KEYS[6]  alive   marks of buffers, by their lives
  KEYS[7]  open    how many windows are open here, their bytes, and of each buffer:
                   see count_held
  KEYS[8]  moved   how far this shard was moved with a clock that was set back,
                   and what was set since: see move
  KEYS[9]  known   of each chat when it was last heard from, and who writes there
  KEYS[10] people  chats under what they are found by
  KEYS[11] heard   chats by the time they were last heard from; only where
                   newly heard ones have a quiet window of their own, or silent
                   ones are followed up
  KEYS[12] later   what waits for its time, by when; only where silent chats are
                   followed up
  KEYS[13] items   of each its time and what it holds; likewise
  ...
  last     ids     the turn of the sets of message ids, those, and the older ones:
                   6 keys, see id_sets; only of a message with an id, because each
                   key and argument costs some 0.08 us

  ARGV[1]  member        the chat in the due index
  ARGV[2]  item          the message, a JSON object without its first brace
  ARGV[3]  ttl           its quiet window, ms
  ARGV[4]  max wait      cap since the first message, ms; 0 = none
  ARGV[5]  max messages  per window; 0 = no limit
  ARGV[6]  max bytes     per window; 0 = no limit
  ARGV[7]  id            digest of the message id; empty = none
  ARGV[8]  keep          how long an id counts as seen, ms
  ARGV[9]  slice         for so long a set takes ids, ms
  ARGV[10] beside        what an older Lull needs: see id_sets
  ARGV[11] received      most messages that this shard keeps; 0 = none
  ARGV[12] payload       1: with what was said
  ARGV[13] look ahead    a sweep looks again within so many ms: what falls due
                         sooner must wake it
  ARGV[14] buffer        its field among the marks; empty = it is always there
  ARGV[15] life          the mark that it must have
  ARGV[16] expected      what time it would be, had the clock not been set back since
  ARGV[17] back          it had been by so many ms in all
  ARGV[18] least         a smaller step back is none, ms
  ARGV[19] hash          of the chat
  ARGV[20] key           under which it is found
  ARGV[21] name          of who writes; empty = not told
  ARGV[22] rule          that set its quiet window; empty = that of its buffer

  A plain message of a plain buffer ends here; any other brings all of these:
  ARGV[23] fixed        1: only the first message sets the deadline
  ARGV[24] flush        word or choice: the window is due at once, for this reason;
                         empty: it is not
  ARGV[25] media        1: it is no text, and waits for one, up to the cap
  ARGV[26] text         digest of its text, to drop it if the message before
                         it has the same; empty = none
  ARGV[27] first wait   the quiet window, ms, if nothing was heard from the
                         chat for so long; empty = ttl
  ARGV[28] first after  so long, ms
  ARGV[29] follow-up    of the chat, in the index of what waits: a message that
                         is new takes it back, whatever becomes of the message

  Output: {status, messages in the window, ms until the deadline}
    appended
    gone       the buffer is not there (any more), or has another life; nothing
               stored
    duplicate  the id was seen; nothing changed
    repeated   the text was said just before; only the id is remembered
    paused     the chat is left alone, for the ms answered; only the id is
               remembered
    full       no room, or what was said before closes at once; nothing stored, the window is
               due now and the caller closes it before it comes again

  A window that is full or flushed gets a cap that has passed: then no message
  and no typing signal can move its deadline any more.

  Without allow-oom, so that a full Redis refuses before anything is written.
]]
--- @include "clock"
--- @include "has_mark"
--- @include "note_person"
--- @include "note_received"
--- @include "note_set"
--- @include "seen_before"
--- @include "set_back_by"
--- @include "window_head"

local timer, window, due = KEYS[1], KEYS[2], KEYS[3]
local paused, received, alive = KEYS[4], KEYS[5], KEYS[6]
local open, moved, known, people = KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local member, item, id = ARGV[1], ARGV[2], ARGV[7]
local ids = #KEYS + 1
if id ~= '' then ids = ids - ID_SETS - 2 end
local heard = ids > 11 and KEYS[11]
local later, items = ids > 12 and KEYS[12], KEYS[13]
local ttl, max_wait = tonumber(ARGV[3]), tonumber(ARGV[4])
local max_messages, max_bytes = tonumber(ARGV[5]), tonumber(ARGV[6])
local look_ahead = tonumber(ARGV[13])
local said, first_wait = ARGV[26] or '', tonumber(ARGV[27])
local call, format = redis.call, string.format
local size = #item + 1

local now = clock()

local set_back = set_back_by(moved, now, ARGV[16], ARGV[17], ARGV[18])

local opened, cap, quiet, bytes, count, deadline = now, 0, ttl, 0, 0, now
local kind, text, reason, held = RESTARTS, '', 'quiet', 0
local typing, before, rule, own_rule = 0, 0, '', ARGV[22]
local head = call('LINDEX', window, 0)
if head then
  local behind
  opened, cap, quiet, bytes, count, deadline, kind, text, reason, behind = struct.unpack(HEAD, head)
  if behind <= #head then typing, before, rule = read_told(head, behind) end
  if kind >= HELD then kind, held = kind - HELD, HELD end
end
local announced = deadline

if set_back and head then
  --- @include "left_to_move"
  --- @include "window_back"
  local step = left_to_move(moved, 'windows ' .. member, set_back)
  -- Where it goes by the clock as it was, it is moved here, and not again.
  if step > tonumber(ARGV[18]) then opened, cap, deadline = window_back(step, opened, cap, deadline) end
end

local function packed_head()
  return struct.pack(HEAD, opened, cap, quiet, bytes, count, deadline, kind + held, text, reason) .. told(typing, before, rule)
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
    --- @include "wake"
    wake(due)
  end
end

-- Decided here and not by what the caller knows: it may have been held up since it asked.
if not has_mark(alive, ARGV[14], ARGV[15]) then return {'gone', 0, 0} end

-- A window that has no room takes it back.
if id ~= '' and seen_before(ids, id, now, ARGV[8], ARGV[9], ARGV[10]) then
  return {'duplicate', count, math.max(deadline - now, 0)}
end

if heard then
  --- @include "heard_at"
  local last, at = heard_at(heard, moved, member, set_back, ARGV[18]), now
  if first_wait and not head and (not last or now - last >= tonumber(ARGV[28])) then
    ttl, own_rule = first_wait, 'first'
  end
  -- Later than a batch that was closed within this ms, or by a clock that was a little ahead: see close.
  if last then at = math.max(now, math.ceil(last)) end
  call('ZADD', heard, format('%d', at), member)
  if set_back then note_set(moved, 'heard ' .. member, set_back) end
end

if later then
  call('ZREM', later, ARGV[29])
  call('HDEL', items, ARGV[29])
end

-- Not for each message: when its window was opened tells well enough when a chat was heard from.
if not head then
  note_person(known, people, member, now, ARGV[19], ARGV[20], ARGV[21], true)
end

-- A paused chat has no window: the pause has dropped it. One that has run out stays, until it is forgotten with who did it.
local paused_until = not head and tonumber(call('ZSCORE', paused, member) or 0)
if paused_until and now < paused_until then return {'paused', count, paused_until - now} end

if head and said ~= '' and said == text then
  return {'repeated', count, math.max(deadline - now, 0)}
end

local full_of = nil
if head and (reason == 'word' or reason == 'choice') then
  full_of = reason
elseif head and max_messages > 0 and count >= max_messages then
  full_of = 'messages'
elseif head and max_bytes > 0 and bytes + size > max_bytes then
  full_of = 'bytes'
end
if full_of then
  if id ~= '' then
    --- @include "forget_id"
    forget_id(ids, id, ARGV[10])
  end
  if deadline > now then
    cap, deadline, reason = now, now, full_of
    if set_back then note_set(moved, 'windows ' .. member, set_back) end
    call('LSET', window, 0, packed_head())
    announce()
  end
  return {'full', count, 0}
end

count, bytes, text = count + 1, bytes + size, said
if before > 0 and kind ~= FIXED then
  typing, before = typing + math.max(math.min(now, deadline) - before, 0), 0
end
if max_wait > 0 then
  cap = math.max(cap, opened + math.max(max_wait, ttl))
else
  cap = NO_CAP
end
if ARGV[25] == '1' and max_wait > 0 and (not head or kind == MEDIA) then
  -- The quiet time to its cap: a person who stops typing puts the deadline back to it.
  kind, quiet, deadline, reason, held = MEDIA, cap - opened, cap, 'cap', 0
elseif kind ~= FIXED then
  quiet, deadline, reason, held, rule = ttl, now + ttl, 'quiet', 0, own_rule
  if ARGV[23] == '1' then
    kind, quiet = FIXED, deadline - opened
  else
    kind = RESTARTS
  end
  if deadline > cap then
    deadline, reason = cap, 'cap'
  end
end
if (ARGV[24] or '') ~= '' then
  cap, deadline, reason = now, now, ARGV[24]
elseif max_messages > 0 and count >= max_messages then
  cap, deadline, reason = now, now, 'messages'
elseif max_bytes > 0 and bytes >= max_bytes then
  cap, deadline, reason = now, now, 'bytes'
end

if set_back then note_set(moved, 'windows ' .. member, set_back) end
local stamped = format('{"at":%d,', now) .. item
if head then
  call('LSET', window, 0, packed_head())
  call('RPUSH', window, stamped)
  call('HINCRBY', open, ':bytes', format('%d', size))
else
  --- @include "count_held"
  call('RPUSH', window, packed_head(), stamped)
  count_held(open, member, 1, size)
end
if not head or deadline ~= announced then
  announce()
end
note_received(received, ARGV[11], ARGV[12], member, stamped)
return {'appended', count, math.max(deadline - now, 0)}
