--[[
  clock: the time by Redis's clock, ms since 1970. Every time that is stored comes
  from it.

  Only here: 'TIME'
]]
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
