--[[
  revived: what a batch is preceded by in the set of those that were revived: the words
  of fixed length that they are ordered by. See revive.

  Only here: 42
]]
local PLACE = 42

local function without_place(entry)
  return string.sub(entry, PLACE + 1)
end
