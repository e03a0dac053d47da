--[[
  note_set: note that something is set by the clock as it is, if that is set back, so
  that it is not moved: see move.

  Only here: 'newest', text
]]
local function note_set(moved, what, by)
  if not by then return end
  local text = string.format('%d', by)
  redis.call('HSET', moved, what, text, 'newest', text)
end
