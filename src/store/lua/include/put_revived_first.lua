--[[
  put_revived_first: the first batch of a lane is gone, or has no state any more: put
  the oldest of those that were revived in front.
]]
--- @include "revived"

local function put_revived_first(lane, revived)
  local first = redis.call('LINDEX', lane, 0)
  -- One that was revived is the oldest of them already.
  if first and string.sub(first, 1, 1) == '=' then return end
  local oldest = redis.call('ZPOPMIN', revived)[1]
  if oldest then redis.call('LPUSH', lane, without_place(oldest)) end
end
