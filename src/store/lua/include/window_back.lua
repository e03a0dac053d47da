--[[
  window_back: the times of a window by a clock that was set back by `step` ms:
  opened, cap and deadline.

  Only here: cap - step
]]
--- @include "window_head"

local function window_back(step, opened, cap, deadline)
  if cap < NO_CAP then cap = cap - step end
  return opened - step, cap, deadline - step
end
