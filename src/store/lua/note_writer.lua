#!lua
--[[
  note_writer: note that somebody wrote in a group that is one chat, so that the group
  is found by them, if the chat is known.

  KEYS[1]  known    of each chat when it was last heard from, and who writes there
  KEYS[2]  people   chats under what they are found by
  KEYS[3]  writers  what stands there for who wrote in groups, by when they last did

  ARGV[1]  chat     of the group
  ARGV[2]  entry    what stands in the index for whoever wrote, without the field
  ARGV[3]  hash     of the chat, under which it is known
  ARGV[4]  marked   the same with a mark behind it
  ARGV[5]  twice    the same with two

  Output: 1: noted; 0: nobody has heard from this chat

  A script, because of a chat that was erased meanwhile nothing must come back.
]]
--- @include "clock"
--- @include "known_field"

local known, people, writers = KEYS[1], KEYS[2], KEYS[3]

local field = known_field(known, ARGV[1], {ARGV[3], ARGV[4], ARGV[5]})
if not field then return 0 end

local entry = ARGV[2] .. field
redis.call('ZADD', writers, string.format('%d', clock()), entry)
redis.call('ZADD', people, 0, entry)
return 1
