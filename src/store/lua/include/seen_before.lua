--[[
  seen_before: whether a message with this id was seen within `keep` ms, or a slice
  longer ago. Else the id is noted, for the message that is here.

  KEYS[first] is the turn of the sets: see id_sets. A set takes ids for `slice` ms.

  Only here: 'SADD'
]]
--- @include "id_sets"
local function seen_before(first, whole, now, keep, slice, beside)
  local call, sub = redis.call, string.sub
  local id = sub(whole, 1, 14)

  local turn = call('GET', KEYS[first])
  local set = turn and tonumber(sub(turn, 1, 1))
  if not turn or now >= tonumber(sub(turn, 14 * set - 11, 14 * set + 1)) then
    --- @include "next_turn"
    turn, set = next_turn(first, turn, now, slice)
  end
  for other = 1, ID_SETS do
    if other ~= set and call('SISMEMBER', KEYS[first + other], id) == 1
      and now - sub(turn, 14 * other - 11, 14 * other + 1) <= tonumber(keep) then
      return true
    end
  end
  if beside ~= '' then
    --- @include "seen_by_older"
    if seen_by_older(KEYS[first + ID_SETS + 1], whole, now, keep, beside) then return true end
  end
  -- Noted in the same call that asks.
  return call('SADD', KEYS[first + set], id) == 0
end
