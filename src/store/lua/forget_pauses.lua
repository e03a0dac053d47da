#!lua flags=allow-oom
--[[
  forget_pauses: in the removal of a buffer, end the pauses of its chats.

  KEYS[1]  paused  chats that are left alone, by the time until when
  KEYS[2]  alive   marks of buffers, by their lives
  KEYS[3]  pausers  of the paused chats who did it

  ARGV[1]  field  of the buffer among the marks
  ARGV[2]  mark   that it must have: see cancel_window
  then the chats, at most some hundreds

  Output: how many were paused

  Another buffer of this name shall not begin with chats that are left alone: it
  would take what they say, and drop it. When they were last heard from stays: what
  they said before may still be on a lane, and is not followed up if they said more.
]]
local paused, alive, pausers = KEYS[1], KEYS[2], KEYS[3]

if redis.call('HGET', alive, ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', pausers, unpack(ARGV, 3))
return redis.call('ZREM', paused, unpack(ARGV, 3))
