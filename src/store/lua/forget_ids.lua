#!lua flags=allow-oom
--[[
  forget_ids: drop the sets of message ids of which all are too old.

  KEYS[1]  turn   of the sets of ids: see id_sets
  KEYS[2]  set 1  ids of one slice of time; and so on:
  ...
  the last one is  older

  ARGV[1]  keep  how long an id counts as seen, ms
  ARGV[2]  most  to be dropped one by one of those that an older Lull has noted

  Output: how many of those were dropped one by one; if it is the most, there may be
          more

  Sets go whole, and Redis frees them beside its work: however many ids are in one,
  nobody waits for it.
]]
--- @include "clock"
--- @include "id_sets"

local turn, keep, most = redis.call('GET', KEYS[1]) or '', tonumber(ARGV[1]), tonumber(ARGV[2])
local call = redis.call

local now = clock()
for set = 1, ID_SETS do
  local digits = 14 * set - 11
  local till = tonumber(string.sub(turn, digits, digits + 12))
  if till and now - till > keep then call('UNLINK', KEYS[1 + set]) end
end

local older = KEYS[ID_SETS + 2]
local newest = call('ZRANGE', older, -1, -1, 'WITHSCORES')[2]
if newest and now - newest > keep then
  call('UNLINK', older)
  return 0
end
local last = call('ZRANGE', older, most - 1, most - 1, 'WITHSCORES')[2]
if last and now - last > keep then
  return call('ZREMRANGEBYRANK', older, 0, most - 1)
end
return 0
