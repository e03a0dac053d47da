--[[
  wake: wake the sweeps that sleep, because something falls due sooner than they
  would look.

  Only here: 'PUBLISH'
  Only here: lull:wake
]]
local function wake()
  -- Only a hint: a user without the right to publish must not fail here, with the script done.
  redis.pcall('PUBLISH', 'lull:wake', '')
end
