#!lua flags=no-writes,allow-oom
--[[
  configured: read what is configured, and the lives of it, as of one moment.

  KEYS[1]  config  buffers, destinations, schedules, settings and the version
  KEYS[2]  lives   the life of each

  Output: {config, lives}, each as HGETALL answers it

  A transaction would do as well, but a Redis that is full refuses those, and the
  daemons which are to drain it could not begin.
]]
return {redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2])}
