#!lua flags=no-writes,allow-oom
--[[
  lane: read how a lane stands, without what was said in its batches.

  KEYS[1]  lane     batches, oldest first
  KEYS[2]  head     how far the first batch has come
  KEYS[3]  revived  batches that were revived and stand behind the first of the
                    lane: see revive

  Output: {time, line about the first batch, batches, attempts, when it is due,
           when the first attempt was, token of a lease, 1 if the destination asked
           for that wait, entry in the history, the last attempt as "when JSON"},
           each nil where there is none; only the time where nothing is on the lane

  One script, because a lane moves on while several commands look at it.
]]
--- @include "clock"

local lane, head, revived = KEYS[1], KEYS[2], KEYS[3]
local call = redis.call

local now = clock()
local batch = call('LINDEX', lane, 0)
if not batch then return {now} end

local line = string.match(batch, '^[^\n]*')
local state = call('HMGET', head, 'attempts', 'due', 'first', 'token', 'asked', 'entry', 'tries')
local last = state[7] and string.match(state[7], '[^\n]*$')
local batches = call('LLEN', lane) + call('ZCARD', revived)
return {now, line, batches, state[1], state[2], state[3], state[4], state[5], state[6], last}
