#!lua
--[[
  probe: find out whether what fills Redis would be taken now.

  KEYS[1]  nothing  a key of the node that is asked

  Output: 0

  It writes nothing, but as a script that may write it is refused as a message
  would be: by a replica, by a Redis whose disk is full, by one without room. What
  is not there is not deleted, so nothing goes into the append-only file either,
  and no healthcheck waits for the disk.
]]
return redis.call('HDEL', KEYS[1], '')
