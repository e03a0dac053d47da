--[[
  left_to_move: how far something is yet to be moved, ms, where the clock is set back
  by so much in all.

  Only here: 'HMGET', moved, 'back', what
]]
local function left_to_move(moved, what, by)
  local back, noted = unpack(redis.call('HMGET', moved, 'back', what))
  return by - math.max(tonumber(back or 0), tonumber(noted or 0))
end
