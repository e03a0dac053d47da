--[[
  seen_before: when the message with this id came, if it was seen. Else the id is
  noted, for the message that is here.

  Only here: 'NX', at, id
]]
local function seen_before(seen, id, now, keep)
  local at = string.format('%d', now)
  -- Noted in the same call that asks.
  if redis.call('ZADD', seen, 'NX', at, id) == 1 then return nil end
  local came = tonumber(redis.call('ZSCORE', seen, id))
  if now - came <= tonumber(keep) then return came end
  -- It is too old, and stands here until the housekeeper comes by.
  redis.call('ZADD', seen, at, id)
  return nil
end
