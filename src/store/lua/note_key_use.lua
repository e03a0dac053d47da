#!lua flags=allow-oom
--[[
  note_key_use: note that a key was used just now.

  KEYS[1]  keys  see make_key

  ARGV[1]  name

  Output: 1; 0: there is none of this name, and nothing changed

  It takes the place of the note before, so it fills nothing.
]]
--- @include "clock"

local keys, name = KEYS[1], ARGV[1]

if redis.call('HEXISTS', keys, 'key:' .. name) == 0 then
  return 0
end
redis.call('HSET', keys, 'used:' .. name, string.format('%d', clock()))
return 1
