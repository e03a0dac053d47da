#!lua flags=allow-oom
--[[
  adopt: give a life to what is configured without one, as by an older Lull, and
  take that of what is not configured any more.

  KEYS[1]  config  a field for each buffer, destination and schedule, and the
                   version
  KEYS[2]  lives   of each the version that began its life; behind it, where it
                   is being removed, how

  Output: how many got one, or lost it

  It may use memory beyond maxmemory: without it nothing could be delivered, and
  there are no more lives than names.
]]
local config, lives = KEYS[1], KEYS[2]
local call = redis.call

local changed, version = 0, nil
for _, field in ipairs(call('HKEYS', config)) do
  local kind = string.match(field, '^(%a+):')
  local lives_here = kind == 'buffer' or kind == 'destination' or kind == 'schedule'
  if lives_here and call('HEXISTS', lives, field) == 0 then
    version = version or string.format('%d', call('HINCRBY', config, 'version', 1))
    call('HSET', lives, field, version)
    changed = changed + 1
  end
end
for _, field in ipairs(call('HKEYS', lives)) do
  if call('HEXISTS', config, field) == 0 then
    changed = changed + call('HDEL', lives, field)
  end
end
return changed
