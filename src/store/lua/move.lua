#!lua flags=allow-oom
--[[
  move: move some of what waits in a shard whose clock was set back.

  KEYS[1]  moved  see set_back
  KEYS[2]  index  of what waits, by when
  KEYS[3]  copy   of it, with what is still to be moved
  ...      of windows two more for each chat, its timer and its window; of lanes
           one, the head; of what waits for its time one in all, the items

  ARGV[1]  kind     windows, lanes, later, pauses or heard
  ARGV[2]  retries  added to the time of a lane that was attempted
  ARGV[3]  fresh    what came within so many ms before now came after the jump
  ARGV[4]  lease    the longest that there is, ms
  ...      then the members in the index

  Output: how many were moved

  Each leaves the copy in the step that moves it, so that it is moved once,
  whichever monitors are at it and whenever they die. A lease never ends early,
  for its batch would be attempted twice at one time; it may end later by the
  longest lease. A message for a time that was named, marked "@", stays: that time
  is right again when the clock is. A run of a schedule is moved by a jump of more
  than a minute, and marked "moved"; whoever finds it due puts it on the next of
  the schedule's times.
]]
local moved, index, copy = KEYS[1], KEYS[2], KEYS[3]
local kind, retries, fresh, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local call, format = redis.call, string.format
local HEAD = '>ddddddBss'
local NO_CAP = 9000000000000000
local FIRST_KEY, FIRST_MEMBER = 4, 5
-- A schedule waits until the clock is as late again, so that no time of it comes twice.
local SHORT = 60000

local back, to = unpack(call('HMGET', moved, 'back', 'to'))
if not to then return 0 end
local step = tonumber(to) - tonumber(back or 0)
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function is_fresh(came)
  return came <= now and came > now - fresh
end

local function put(member, at)
  call('ZADD', index, 'XX', format('%d', math.max(at, 0)), member)
end

local move = {}

function move.windows(member, i)
  local timer, window = KEYS[FIRST_KEY + 2 * i], KEYS[FIRST_KEY + 2 * i + 1]
  local head = call('LINDEX', window, 0)
  if not head then return false end
  local opened, cap, quiet, bytes, count, deadline, state, text, reason = struct.unpack(HEAD, head)
  if is_fresh(opened) then return false end
  if cap < NO_CAP then cap = cap - step end
  -- A deadline before the window was opened was set after the jump.
  if deadline >= opened then deadline = deadline - step end
  opened, deadline = opened - step, math.min(deadline, cap)
  call('LSET', window, 0, struct.pack(HEAD, opened, cap, quiet, bytes, count, deadline, state, text, reason))
  call('SET', timer, '', 'PXAT', format('%d', math.max(deadline, now + 1)))
  put(member, deadline)
  return true
end

function move.lanes(member, i)
  local head, score = KEYS[FIRST_KEY + i], tonumber(call('ZSCORE', index, member) or -1)
  if score < 0 then return false end
  local state = call('HMGET', head, 'due', 'first', 'token')
  local due, first, token = tonumber(state[1]), tonumber(state[2]), state[3]
  if first and is_fresh(first) then return false end
  if first then call('HSET', head, 'first', format('%d', math.max(first - step, 1))) end
  score = math.max(score - step, score >= retries and retries or 0)
  if due then
    due = token and math.min(due, now + lease) or math.max(due - step, 1)
    call('HSET', head, 'due', format('%d', due))
    if token then score = retries + due end
  end
  put(member, score)
  return true
end

function move.later(member)
  local is_plan = string.sub(member, 1, 2) == 's:'
  if is_plan and step <= SHORT then return false end
  local at, came, rest = string.match(call('HGET', KEYS[FIRST_KEY], member) or '', '^(%d+) (%d+)(.*)$')
  if not at or string.sub(member, 1, 2) == 'm:' and is_fresh(tonumber(came)) then return false end
  at = math.max(at - step, 0)
  if is_plan and not string.find(rest, ' moved$') then rest = (rest == '' and ' ' or rest) .. ' moved' end
  call('HSET', KEYS[FIRST_KEY], member, format('%d ', at) .. came .. rest)
  put(member, at)
  return true
end

function move.pauses(member)
  local score = call('ZSCORE', index, member)
  if score then put(member, score - step) end
  return score
end

function move.heard(member)
  local score = tonumber(call('ZSCORE', index, member) or now)
  if is_fresh(score) then return false end
  put(member, score - step)
  return true
end

local count = 0
for i = FIRST_MEMBER, #ARGV do
  if call('ZREM', copy, ARGV[i]) == 1 and move[kind](ARGV[i], i - FIRST_MEMBER) then
    count = count + 1
  end
end
return count
