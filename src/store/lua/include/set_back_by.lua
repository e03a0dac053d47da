--[[
  set_back_by: how far the clock is set back in all, ms, while it is and this shard
  is not moved by as much: see move. Else false.

  `expected` is what time it would be, had the clock not been set back since `back`:
  that is how far it had been in all. A step of `least` or less is none.

  Only here: 'HGET', moved, 'back'
]]
local function set_back_by(moved, now, expected, back, least)
  local behind = expected - now
  if behind <= tonumber(least) then return false end
  local by = back + behind
  return by - (redis.call('HGET', moved, 'back') or 0) > tonumber(least) and by
end
