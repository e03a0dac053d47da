#!lua flags=no-writes,allow-oom
--[[
  head: read the first batch of a lane, and how far it has come, as of one moment.

  KEYS[1]  lane  batches, oldest first
  KEYS[2]  head  how far the first batch has come

  Output: {batch, attempts, when the first attempt was}, each nil where there is none

  A transaction would do as well, but a Redis that is full refuses those, whatever
  is read in them.
]]
local lane, head = KEYS[1], KEYS[2]

local state = redis.call('HMGET', head, 'attempts', 'first')
return {redis.call('LINDEX', lane, 0), state[1], state[2]}
