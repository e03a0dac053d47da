#!lua
--[[
  alias: by which name the chats of persons go who have an alias.

  KEYS[1]  aliases  number and last use by the chat's name under the alias
  KEYS[2]  paused   chats that are left alone, by the time until when
  KEYS[3]  people   chats under what they are found by
  KEYS[4]  window   of the first person's chat under the alias
  ...      one more for each further person

  ARGV     of each person, in their order:
           member  the chat under the alias in the due index
           phone   the person's number, to be remembered; empty = not told
           hash    of the chat under the alias

  Output: of each {the number, or empty: nobody has told it;
                   1: the chat goes by the alias all the same}

  While a window is open or a pause lasts under the alias, it stays the name:
  a number that becomes known in the middle must not cut a turn in two, nor
  let a bot talk where somebody has taken over.
]]
--- @include "clock"

local aliases, paused, people = KEYS[1], KEYS[2], KEYS[3]
local call = redis.call
-- Noting each use would be a write for each message.
local NOTED_AGAIN_AFTER = 86400000

local now = clock()

-- Under the number its chat is found, too.
local function entry_under(phone, hash)
  return 'd' .. string.reverse((string.gsub(phone, '%D', ''))) .. '\n' .. hash
end

local function who_is(window, member, phone, hash)
  local used, known = 0, ''
  local entry = call('HGET', aliases, member)
  if entry then
    used, known = string.match(entry, '^(%d+) (.*)$')
  end
  if phone == '' then phone = known end
  if phone == '' then return {'', 1} end
  if phone ~= known or now - used > NOTED_AGAIN_AFTER then
    call('HSET', aliases, member, string.format('%d ', now) .. phone)
    if phone ~= known and known ~= '' then call('ZREM', people, entry_under(known, hash)) end
    call('ZADD', people, 0, entry_under(phone, hash))
  end

  local paused_until = call('ZSCORE', paused, member)
  local goes_on = paused_until and now < tonumber(paused_until) or call('EXISTS', window) == 1
  return {phone, goes_on and 1 or 0}
end

local persons = {}
for number = 4, #KEYS do
  local at = 3 * (number - 3)
  persons[number - 3] = who_is(KEYS[number], ARGV[at - 2], ARGV[at - 1], ARGV[at])
end
return persons
