#!lua flags=allow-oom
--[[
  forget_chats: in the removal of a buffer, forget that chats are paused, and when
  they were heard from.

  KEYS[1]  paused  chats that are left alone, by the time until when
  KEYS[2]  heard   chats by the time they were last heard from
  KEYS[3]  alive   marks of buffers, by their lives

  ARGV[1]  field  of the buffer among the marks
  ARGV[2]  mark   that it must have: see cancel
  then the chats, at most some hundreds

  Output: how many entries were dropped

  Another buffer of this name shall not begin with chats that are left alone: it
  would take what they say, and drop it.
]]
local paused, heard, alive = KEYS[1], KEYS[2], KEYS[3]

if redis.call('HGET', alive, ARGV[1]) ~= ARGV[2] then return 0 end
local chats = {unpack(ARGV, 3)}
return redis.call('ZREM', paused, unpack(chats)) + redis.call('ZREM', heard, unpack(chats))
