--[[
  note_person: note when a chat was heard from, or, if heard is false, that it was
  written to; with who writes there. A chat that was not known comes into the
  index of people, under what they are found by.

  It is kept under its hash, the one that stands in logs: "<when> <name>", in
  seconds to be short, and in the next line the chat. A mark behind the hash tells chats of one hash apart.

  Only here: 'ZADD', people, 0, key
]]
local function note_person(known, people, chat, now, hash, key, name, heard)
  local field, before_name = hash, nil
  local before = redis.call('HGET', known, field)
  while before do
    local its_name, its_chat = string.match(before, '^%d+ ([^\n]*)\n(.*)$')
    if its_chat == chat then
      before_name = its_name
      break
    end
    field = field .. '+'
    before = redis.call('HGET', known, field)
  end
  if before_name and not heard then return end
  if name == '' then name = before_name or '' end
  redis.call('HSET', known, field, string.format('%d ', math.floor(now / 1000)) .. name .. '\n' .. chat)
  if not before_name then redis.call('ZADD', people, 0, key .. '\n' .. field) end
end
