#!lua flags=allow-oom
--[[
  set_back: begin to move what waits in a shard, after its clock was set back, or
  end it.

  KEYS[1]  moved  how far this shard was moved in all ("back"), what it is being
                  moved to ("to"), and the indexes that this is about ("names")
  KEYS[2]  index  of what waits, by when
  KEYS[3]  copy   gets the index as it is now
  ...      two more for each further index

  ARGV[1]  all    ms that the clock has been set back by in all
  ARGV[2]  names  of these indexes, a line each

  Output: {status, names}
    done   the shard is where it has to be
    move   move what the copies of the indexes named hold, then ask again with them
    ended  all of these are moved; ask again

  What stands in a copy is still to be moved: what comes into an index later goes
  by the clock as it is now. A jump that comes meanwhile waits for its turn. The
  names are kept, so that whoever goes on needs to know of no destination itself.
]]
local moved, all, given = KEYS[1], ARGV[1], ARGV[2]
local call = redis.call

local back, to, names = unpack(call('HMGET', moved, 'back', 'to', 'names'))
if to then
  if names ~= given then return {'move', names} end
  for i = 3, #KEYS, 2 do
    if call('EXISTS', KEYS[i]) == 1 then return {'move', names} end
  end
  call('HSET', moved, 'back', to)
  call('HDEL', moved, 'to', 'names')
  return {'ended', ''}
end
if tonumber(back or 0) >= tonumber(all) then return {'done', ''} end
local count = 0
for i = 2, #KEYS, 2 do
  count = count + call('ZRANGESTORE', KEYS[i + 1], KEYS[i], 0, -1)
end
if count == 0 then
  call('HSET', moved, 'back', all)
  return {'done', ''}
end
call('HSET', moved, 'to', all, 'names', given)
return {'move', given}
