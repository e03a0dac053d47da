--[[
  closed_at: when a batch of a chat is closed: see close.

  Only here: %d.5
]]
local function closed_at(heard, chat, now)
  local last = redis.call('ZSCORE', heard, chat)
  if not last then return now end
  local closed = math.max(now - 1, math.floor(last))
  if closed >= now then redis.call('ZADD', heard, string.format('%d.5', closed), chat) end
  return closed
end
