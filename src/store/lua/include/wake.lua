--[[
  wake: wake the sweeps of one index that sleep, because something in it falls due
  sooner than they would look. The hint is the index's key.

  Only here: 'PUBLISH'
  Only here: lull:wake
]]
local function wake(index)
  -- Only a hint: a user without the right to publish must not fail here, with the script done.
  redis.pcall('PUBLISH', 'lull:wake', index)
end
