--[[
  forget_id: forgets a message id, so that the message may be posted anew. KEYS[first]
  is the turn of the sets: see id_sets.

  Only here: 'SREM'
]]
--- @include "id_sets"
local function forget_id(first, whole, beside)
  for set = 1, ID_SETS do
    redis.call('SREM', KEYS[first + set], string.sub(whole, 1, 14))
  end
  if beside ~= '' then redis.call('ZREM', KEYS[first + ID_SETS + 1], whole) end
end
