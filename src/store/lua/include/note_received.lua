--[[
  note_received: note that a message came, with what was said where that is kept, in a
  stream of at most so many.

  Only here: 'XADD', received
]]
local function note_received(received, most, payload, chat, item)
  if payload == '1' then
    redis.call('XADD', received, 'MAXLEN', '~', most, '*', 'chat', chat, 'item', item)
  elseif most ~= '0' then
    redis.call('XADD', received, 'MAXLEN', '~', most, '*', 'chat', chat)
  end
end
