#!lua flags=allow-oom
--[[
  set_back: begin to move what waits in a shard, after its clock was set back, or
  end it.

  KEYS[1]  moved  how far this shard was moved in all ("back"), what it is being
                  moved to ("to"), and the indexes that this is about ("names");
                  and of each thing that was moved already, or set since the clock
                  was set back, how far it had been set back then
  KEYS[2]  index  of what waits, by when
  ...      one more for each further index

  ARGV[1]  all     ms that the clock has been set back by in all
  ARGV[2]  names   of these indexes, a line each
  ARGV[3]  walked  what all that stands in them was moved to; 0 = not yet
  ARGV[4]  least   a smaller step back is none, ms

  Output: {status, names, to}
    done   the shard is where it has to be
    move   move all that stands in the indexes named, then ask again with them
    ended  all of these are moved; ask again

  Nothing is copied, whatever stands in an index: it is walked, a little at a time,
  and what is noted tells what is to be moved. A jump that comes meanwhile waits
  for its turn. The names are kept, so that whoever goes on needs to know of no
  destination itself.
]]
local moved, all, given, walked, least = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local call = redis.call

local back, to, names, newest = unpack(call('HMGET', moved, 'back', 'to', 'names', 'newest'))

local function end_at(reached)
  -- What was set after a jump that nobody has found yet is noted for that one.
  if tonumber(newest or 0) <= reached + least then
    -- Deletes in another thread, however much was noted.
    call('UNLINK', moved)
  end
  call('HDEL', moved, 'to', 'names')
  call('HSET', moved, 'back', string.format('%d', reached))
end

if to then
  if names ~= given or to ~= walked then return {'move', names, to} end
  end_at(tonumber(to))
  return {'ended', '', 0}
end
if tonumber(back or 0) >= tonumber(all) then return {'done', '', 0} end
for i = 2, #KEYS do
  if call('EXISTS', KEYS[i]) == 1 then
    call('HSET', moved, 'to', all, 'names', given)
    return {'move', given, all}
  end
end
end_at(tonumber(all))
return {'done', '', 0}
