#!lua flags=allow-oom
--[[
  settle: record how the attempt of a leased head ended.

  KEYS[1]  due      lanes of the destination by their next attempt
  KEYS[2]  lane     batches, oldest first
  KEYS[3]  head     how far the first batch has come
  KEYS[4]  history  batches that were tried, each once
  KEYS[5]  dead     dead letters
  KEYS[6]  revived  batches that were revived and stand behind the first of the
                    lane, in front of all others: see revive
  KEYS[7]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held
  KEYS[8]  moved   how far this shard was moved with a clock that was set back,
                   and what was set since: see move
  KEYS[9]  lanes   destinations that have lanes here, by when the first is due: see
                   note_lane

  A delivery that is followed up if nothing more is said brings these:
  KEYS[10] later   what waits for its time, by when
  KEYS[11] items   of each its time and what it holds
  KEYS[12] heard   chats by the time they were last heard from
  KEYS[13] paused  chats that are left alone, by the time until when
  KEYS[14] alive   marks of buffers, by their lives

  ARGV[1]  member   the lane in the due index
  ARGV[2]  token    of the lease
  ARGV[3]  verdict  drop:    delivered, forget the batch
                    retry:   try again after the wait
                    bury:    give up, keep it as a dead letter
                    release: not attempted after all, give the lease back
  ARGV[4]  wait     before the retry, ms
  ARGV[5]  asked    1: the destination asked for that wait
  ARGV[6]  record   JSON about batch and attempt, for history; empty = none
  ARGV[7]  history  most entries of this shard
  ARGV[8]  letter   JSON about the batch, for a dead letter
  ARGV[9]  dead     most dead letters of this shard
  ARGV[10] body     that was sent; empty = not kept
  ARGV[11] try      JSON about an attempt that is followed by another
  ARGV[12] retries  added to the time of a lane whose head was attempted
  ARGV[13] expected   what time it would be, had the clock not been set back since
  ARGV[14] back       it had been by so many ms in all
  ARGV[15] least      a smaller step back is none, ms

  And for what follows a delivery up:
  ARGV[16] follow-up  in the index of what waits
  ARGV[17] chat       among those that were heard from, and those left alone
  ARGV[18] closed     when the batch was closed: what was said later is not in it
  ARGV[19] silence    to wait for, ms
  ARGV[20] content    its number, when its message came, and that message
  ARGV[21] buffer     its field among the marks; empty = it is always there
  ARGV[22] life       the mark that it must have: else nothing follows
  ARGV[23] look ahead a sweep with nothing before it looks again within so many
                      ms: what falls due sooner must wake it
  ARGV[24] step       by so many ms the clock was set back the last time that
                      everything was moved

  Output: {status, batches left on the lane, dead letters dropped for the new,
           entry in the history; empty = none, the attempts before, as the head
           keeps them}
    settled
    stale   the lease ran out and another took the head; nothing changed

  The head keeps the attempts so far, a line "when JSON" for each, and where the
  history tells of them: the next attempt takes that entry's place.

  What follows a delivery up is "<time> <number> <came> <message>". It is planned
  here, so that no monitor can die in between, and not if something was said
  since: that has a delivery of its own to come. When the batch was closed is
  told by the clock of then, and when something was said by that of now. Where the
  clock was set back in between, it was closed after it was first attempted, or
  later than now.
]]
--- @include "clock"
--- @include "count_held"
--- @include "note_lane"
--- @include "put_revived_first"

local due, lane, head, history, dead, revived = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local on_lanes, moved = KEYS[7], KEYS[8]
local member, token, verdict, wait, retries = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[12])

local call = redis.call

-- Of more attempts than fit in here the oldest are forgotten.
local MOST_OF_TRIES = 16384

local known = call('HMGET', head, 'token', 'tries', 'entry')
local tries, last_entry = known[2], known[3]
local earlier, entry = tries or '', ''
if known[1] ~= token then
  return {'stale', 0, 0, '', ''}
end

-- What is set while the clock is back, and this shard not moved, stays where it is set.
local function note(what, now)
  --- @include "note_set"
  --- @include "set_back_by"
  note_set(moved, what, set_back_by(moved, now, ARGV[13], ARGV[14], ARGV[15]))
end

local function plan_follow_up(first)
  --- @include "has_mark"
  --- @include "heard_at"
  --- @include "note_set"
  --- @include "set_back_by"
  local later, items, heard, paused, alive = KEYS[10], KEYS[11], KEYS[12], KEYS[13], KEYS[14]
  if not has_mark(alive, ARGV[21], ARGV[22]) then return end
  local follow_up, chat, at, least = ARGV[16], ARGV[17], clock(), tonumber(ARGV[15])

  -- By the clock as it is: what was closed later than it was first attempted, or than now, was closed before a jump.
  local closed, latest, behind = tonumber(ARGV[18]), math.min(at, tonumber(first or at)) + least, ARGV[13] - at
  if closed > latest then closed = closed - (behind > least and behind or ARGV[24]) end
  -- It was set back more than once: nobody knows by how much.
  if closed > latest then return end

  local set_back = set_back_by(moved, at, ARGV[13], ARGV[14], ARGV[15])
  local last = heard_at(heard, moved, chat, set_back, least)
  local paused_until = call('ZSCORE', paused, chat)
  -- What stands behind the point is about the message that comes next: see close.
  if last and math.floor(last) > closed or paused_until and tonumber(paused_until) > at then return end
  local due_at = string.format('%d', at + ARGV[19])
  call('HSET', items, follow_up, due_at .. ' ' .. ARGV[20])
  call('ZADD', later, due_at, follow_up)
  note_set(moved, 'later ' .. follow_up, set_back)
  if tonumber(ARGV[19]) < tonumber(ARGV[23]) then
    --- @include "wake"
    wake(later)
  end
end

-- When the next batch is due: what was revived has failed before.
local function of_next(at)
  local batch = call('LINDEX', lane, 0)
  return batch and string.sub(batch, 1, 1) == '=' and retries + at or at
end

-- What is due at once needs no clock: it was due at any time.
local dropped, next_attempt, now = 0, 0, 0
local first = KEYS[10] and call('HGET', head, 'first')
if verdict == 'drop' or verdict == 'bury' then
  local batch = call('LPOP', lane)
  call('DEL', head)
  if batch then count_held(on_lanes, member, -1, -#batch) end
  if verdict == 'bury' then
    call('XADD', dead, '*', 'letter', ARGV[8], 'batch', batch)
    dropped = call('XTRIM', dead, 'MAXLEN', '=', ARGV[9])
  end
  put_revived_first(lane, revived)
elseif verdict == 'retry' then
  now = clock()
  call('HDEL', head, 'token', 'cut')
  call('HSET', head, 'due', string.format('%d', now + wait), 'asked', ARGV[5])
  next_attempt = retries + now + wait
  note(head, now)
elseif call('HINCRBY', head, 'attempts', -1) > 0 then
  call('HDEL', head, 'token', 'due')
  next_attempt = retries
else
  call('DEL', head)
  put_revived_first(lane, revived)
  next_attempt = of_next(0)
end

if ARGV[6] ~= '' then
  local fields = {'record', ARGV[6]}
  if ARGV[10] ~= '' then
    fields[3], fields[4] = 'body', ARGV[10]
  end
  if tries then
    fields[#fields + 1], fields[#fields + 2] = 'tries', tries
  end
  if last_entry then
    call('XDEL', history, last_entry)
  end
  entry = call('XADD', history, 'MAXLEN', '~', ARGV[7], '*', unpack(fields))
  if verdict == 'retry' then
    tries = (tries and tries .. '\n' or '') .. string.format('%d ', now) .. ARGV[11]
    if #tries > MOST_OF_TRIES then
      tries = string.sub(tries, (string.find(tries, '\n', -MOST_OF_TRIES, true) or 0) + 1)
    end
    call('HSET', head, 'tries', tries, 'entry', entry)
  end
end

if KEYS[10] then plan_follow_up(first) end

local left = call('LLEN', lane)
if left > 0 then
  -- Behind the lanes that wait already: where few attempts may begin, one chat must not take them all.
  if verdict == 'drop' or verdict == 'bury' then next_attempt = of_next(clock()) end
  call('ZADD', due, string.format('%d', next_attempt), member)
  note_lane(KEYS[9], due, next_attempt >= retries and next_attempt - retries or next_attempt)
else
  call('ZREM', due, member)
end
return {'settled', left, dropped, entry, earlier}
