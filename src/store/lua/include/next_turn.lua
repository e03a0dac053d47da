--[[
  next_turn: lets the set with the oldest ids go, and take those of the next slice of
  time. Tells the turns as they are then, and its number. See id_sets.

  By the clock of the moment, and one set at most: where that jumps ahead, the others
  count as before as soon as `keep` says by how much.
]]
local function next_turn(first, turn, now, slice)
  local sub = string.sub
  local set = (turn and tonumber(sub(turn, 1, 1)) or 0) % ID_SETS + 1
  local untils = turn and sub(turn, 2) or string.rep(' 0000000000000', ID_SETS)
  untils = sub(untils, 1, 14 * set - 14) .. string.format(' %013d', now + slice) .. sub(untils, 14 * set + 1)
  redis.call('UNLINK', KEYS[first + set])
  redis.call('SET', KEYS[first], set .. untils)
  return set .. untils, set
end
