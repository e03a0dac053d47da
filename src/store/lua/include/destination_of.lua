--[[
  destination_of: the destination of an index of lanes, by its key.

  Only here: string.sub(due
]]
local function destination_of(due)
  -- Behind "lull:{07}:due:".
  return string.sub(due, 15)
end
