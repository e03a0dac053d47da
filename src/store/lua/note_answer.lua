#!lua
--[[
  note_answer: note that our side wrote to a person, among the messages as they came,
  if the chat is known.

  KEYS[1]  known     of each chat when it was last heard from, and who writes there
  KEYS[2]  received  messages as they came

  ARGV[1]  chat      as its messages name it there
  ARGV[2]  answer    JSON: who wrote, and what
  ARGV[3]  most      messages that this shard keeps
  ARGV[4]  hash      of the chat, under which it is known
  ARGV[5]  marked    the same with a mark behind it
  ARGV[6]  twice     the same with two

  Output: 1: noted; 0: nobody has heard from this chat

  A script, because a chat that was erased meanwhile must not come back.
]]
--- @include "known_field"

local known, said, chat = KEYS[1], KEYS[2], ARGV[1]

if not known_field(known, chat, {ARGV[4], ARGV[5], ARGV[6]}) then return 0 end

redis.call('XADD', said, 'MAXLEN', '~', ARGV[3], '*', 'chat', chat, 'own', ARGV[2])
return 1
