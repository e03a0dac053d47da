--[[
  known_field: under which of these fields a chat is known; nil: nobody has heard from
  it.

  Only here: '^[^\n]*\n(.*)$'
]]
local function known_field(known, chat, fields)
  for _, field in ipairs(fields) do
    local entry = redis.call('HGET', known, field)
    if entry and string.match(entry, '^[^\n]*\n(.*)$') == chat then return field end
  end
end
