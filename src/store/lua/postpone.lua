#!lua flags=allow-oom
--[[
  postpone: put a lane off, or back to its own time.

  KEYS[1]  due   lanes of the destination by their next attempt
  KEYS[2]  head  how far the first batch has come

  ARGV[1]  member  the chat in the due index
  ARGV[2]  wait    ms from now; empty = back to its own time

  Output: 1, or 0 when nothing is on the lane

  The head's state is not touched: it goes on saying when the lane is due.
]]
local due, head, member, wait = KEYS[1], KEYS[2], ARGV[1], ARGV[2]

local at
if wait == '' then
  -- Without a state of its own it is due at any time.
  at = redis.call('HGET', head, 'due') or '0'
else
  local time = redis.call('TIME')
  at = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(wait))
end
return redis.call('ZADD', due, 'XX', 'CH', at, member)
