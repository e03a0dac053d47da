--[[
  drop_window: drop an open window with its messages; answers how many they were.

  Only here: 'LLEN', window
]]
--- @include "window_head"
--- @include "count_held"

local function drop_window(timer, window, due, open, member)
  local head = redis.call('LINDEX', window, 0)
  if head then
    local _, _, _, bytes = struct.unpack(HEAD, head)
    count_held(open, member, -1, -bytes)
  end
  local count = math.max(redis.call('LLEN', window) - 1, 0)
  redis.call('DEL', window, timer)
  redis.call('ZREM', due, member)
  return count
end
