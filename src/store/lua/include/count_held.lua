--[[
  count_held: count what waits in one shard: in all, its bytes, and of the buffer of a
  chat, by its member in an index.

  What is at nothing goes; and with the last of all everything, so that no number is
  wrong for ever.

  Only here: ':count'
]]
local function count_held(held, member, more, bytes)
  local call = redis.call
  local format = string.format
  local buffer = string.match(member, '^%+?([^:]+)')
  local known = call('HMGET', held, ':count', ':bytes', buffer)
  local count = (known[1] or 0) + more
  if count <= 0 then
    call('DEL', held)
    return
  end
  local all, of_buffer = (known[2] or 0) + bytes, (known[3] or 0) + more
  -- One command: each is another in the append-only file.
  call('HSET', held, ':count', format('%d', count), ':bytes', format('%d', all), buffer, format('%d', of_buffer))
  if all <= 0 then call('HDEL', held, ':bytes') end
  if of_buffer <= 0 then call('HDEL', held, buffer) end
end
