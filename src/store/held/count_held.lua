-- Counts what waits in one shard: in all, its bytes, and of the buffer of a chat, by its member in an index. What is at
-- nothing goes; and with the last of all everything, so that no number is wrong for ever.
local function count_held(held, member, more, bytes)
  if redis.call('HINCRBY', held, ':count', more) <= 0 then
    redis.call('DEL', held)
    return
  end
  local buffer = string.match(member, '^%+?([^:]+)')
  if redis.call('HINCRBY', held, ':bytes', bytes) <= 0 then redis.call('HDEL', held, ':bytes') end
  if redis.call('HINCRBY', held, buffer, more) <= 0 then redis.call('HDEL', held, buffer) end
end

