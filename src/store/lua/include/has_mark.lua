--[[
  has_mark: whether a buffer, a destination or a schedule has this mark: its life, or
  the end of it. What has no field is always there.
]]
local function has_mark(alive, field, mark)
  return field == '' or redis.call('HGET', alive, field) == mark
end
