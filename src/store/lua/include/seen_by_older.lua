--[[
  seen_by_older: whether a Lull that knows no sets of ids has seen this one within
  `keep` ms. Else the id is noted for it, if there is one: see id_sets.

  Only here: 'ZADD', older
]]
local function seen_by_older(older, id, now, keep, beside)
  local at = string.format('%d', now)
  if beside == 'write' and redis.call('ZADD', older, 'NX', at, id) == 1 then return false end
  local came = redis.call('ZSCORE', older, id)
  if came and now - came <= tonumber(keep) then return true end
  -- It is too old, and stands here until the housekeeper comes by.
  if came and beside == 'write' then redis.call('ZADD', older, at, id) end
  return false
end
