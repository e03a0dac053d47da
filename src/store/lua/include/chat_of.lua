--[[
  chat_of: the chat in the name of a message that waits for its time.

  Only here: 36
]]
local function chat_of(member)
  -- Behind "m:", 32 digits and a colon.
  return string.sub(member, 36)
end
