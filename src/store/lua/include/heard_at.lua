--[[
  heard_at: when a chat was last heard from, by the clock as it is; nil: it was not.
  See close for what stands behind the point.
]]
local function heard_at(heard, moved, chat, set_back, least)
  local last = tonumber(redis.call('ZSCORE', heard, chat) or '')
  if not last or not set_back then return last end
  --- @include "left_to_move"
  local step = left_to_move(moved, 'heard ' .. chat, set_back)
  return step > tonumber(least) and last - step or last
end
