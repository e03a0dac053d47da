--[[
  id_is_noted: whether this message id was noted within `keep` ms, or a slice longer
  ago. Changes nothing. KEYS[first] is the turn of the sets: see id_sets.
]]
--- @include "id_sets"
local function id_is_noted(first, whole, now, keep, beside)
  local turn = redis.call('GET', KEYS[first]) or ''
  for set = 1, ID_SETS do
    local till = tonumber(string.sub(turn, 14 * set - 11, 14 * set + 1))
    if till and now - till <= keep and redis.call('SISMEMBER', KEYS[first + set], string.sub(whole, 1, 14)) == 1 then
      return true
    end
  end
  local came = beside ~= '' and redis.call('ZSCORE', KEYS[first + ID_SETS + 1], whole)
  return came and now - came <= keep
end
