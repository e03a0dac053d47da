#!lua flags=allow-oom
--[[
  move: move some of what waits in a shard whose clock was set back.

  KEYS[1]  moved  see set_back
  KEYS[2]  index  of what waits, by when
  ...      of windows two more for each chat, its timer and its window; of lanes
           one, the head; of what waits for its time one in all, the items

  ARGV[1]  kind     windows, lanes, later, pauses or heard
  ARGV[2]  retries  added to the time of a lane that was attempted
  ARGV[3]  least    a smaller step back is none, ms
  ARGV[4]  lease    the longest that there is, ms
  ...      then the members in the index

  Output: how many were moved

  How far the clock had been set back when a thing was set is noted under its kind
  and its member, or the key of a lane's head, by whatever sets one while the clock
  is back and the shard not moved; and by this, in the step that moves it. Where
  nothing is noted, it is as far as the shard was moved. So each is moved once, and
  by what it is to be, whichever monitors are at it and whenever they die.

  A lease never ends early, for its batch would be attempted twice at one time; it
  may end later by the longest lease. A message for a time that was named, marked
  "@", stays: that time is right again when the clock is. A run of a schedule is
  moved by a jump of more than a minute, and marked "moved"; whoever finds it due
  puts it on the next of the schedule's times.
]]
--- @include "clock"
--- @include "window_back"
--- @include "window_head"

local moved, index = KEYS[1], KEYS[2]
local kind, retries, least, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local call, format = redis.call, string.format
local FIRST_KEY, FIRST_MEMBER = 3, 5
-- A schedule waits until the clock is as late again, so that no time of it comes twice.
local SHORT = 60000

local back, to = unpack(call('HMGET', moved, 'back', 'to'))
if not to then return 0 end
local now = clock()

local function put(member, at)
  call('ZADD', index, 'XX', format('%d', math.max(at, 0)), member)
end

local move = {}

function move.windows(member, step, i)
  local timer, window = KEYS[FIRST_KEY + 2 * i], KEYS[FIRST_KEY + 2 * i + 1]
  local head = call('LINDEX', window, 0)
  if not head then return false end
  local opened, cap, quiet, bytes, count, deadline, state, text, reason, behind = struct.unpack(HEAD, head)
  opened, cap, deadline = window_back(step, opened, cap, deadline)
  local typing, before, rule = read_told(head, behind)
  if before > 0 then before = math.max(before - step, 1) end
  local packed = struct.pack(HEAD, opened, cap, quiet, bytes, count, deadline, state, text, reason)
  call('LSET', window, 0, packed .. told(typing, before, rule))
  call('SET', timer, '', 'PXAT', format('%d', math.max(deadline, now + 1)))
  put(member, deadline)
  return true
end

function move.lanes(member, step, i)
  local head, score = KEYS[FIRST_KEY + i], tonumber(call('ZSCORE', index, member) or -1)
  if score < 0 then return false end
  local due, token = unpack(call('HMGET', head, 'due', 'token'))
  score = math.max(score - step, score >= retries and retries or 0)
  if due then
    due = token and math.min(tonumber(due), now + lease) or math.max(due - step, 1)
    call('HSET', head, 'due', format('%d', due))
    if token then score = retries + due end
  end
  put(member, score)
  return true
end

-- When a first attempt was is moved however its lane was set since: one that lies ahead was before the jump.
local function move_first(head, step)
  local first = tonumber(call('HGET', head, 'first') or 0)
  if first > now then call('HSET', head, 'first', format('%d', first - step)) end
end

function move.later(member, step)
  local is_plan = string.sub(member, 1, 2) == 's:'
  if is_plan and step <= SHORT then return false end
  local at, came, rest = string.match(call('HGET', KEYS[FIRST_KEY], member) or '', '^(%d+) (%d+)(.*)$')
  if not at then return false end
  at = math.max(at - step, 0)
  if is_plan and not string.find(rest, ' moved', 1, true) then rest = (rest == '' and ' ' or rest) .. ' moved' end
  call('HSET', KEYS[FIRST_KEY], member, format('%d ', at) .. came .. rest)
  put(member, at)
  return true
end

function move.pauses(member, step)
  local score = call('ZSCORE', index, member)
  if score then put(member, score - step) end
  return score
end

function move.heard(member, step)
  local score = call('ZSCORE', index, member)
  -- With what stands behind the point: see close.
  if score then call('ZADD', index, 'XX', format('%.1f', math.max(score - step, 0)), member) end
  return score
end

local count = 0
for i = FIRST_MEMBER, #ARGV do
  local member, nth = ARGV[i], i - FIRST_MEMBER
  local noted = kind == 'lanes' and KEYS[FIRST_KEY + nth] or kind .. ' ' .. member
  if kind == 'lanes' then move_first(noted, to - (back or 0)) end
  local step = to - math.max(tonumber(back or 0), tonumber(call('HGET', moved, noted) or 0))
  if step > least then
    if move[kind](member, step, nth) then count = count + 1 end
    call('HSET', moved, noted, to)
  end
end
return count
