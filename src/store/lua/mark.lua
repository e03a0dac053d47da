#!lua flags=allow-oom
--[[
  mark: say in one shard that a life has begun, or that it is over.

  KEYS[1]  alive  marks of buffers, destinations and schedules, by field

  ARGV[1]  field  such as buffer:loja
  ARGV[2]  mark   the version that began the life; below 0: that life is over

  Output: the mark that stands there now

  A mark only ever moves on: to a later life, or from a life to its end. So it
  does not matter in which order these come, nor how late: whoever was held up
  cannot bring back what is over. It may use memory beyond maxmemory: a full
  Redis must drain, and there are no more marks than names.
]]
local alive, field, mark = KEYS[1], ARGV[1], tonumber(ARGV[2])

local now = tonumber(redis.call('HGET', alive, field) or 0)
local life, known = math.abs(mark), math.abs(now)
if life > known or life == known and mark < 0 then
  redis.call('HSET', alive, field, ARGV[2])
  now = mark
end
return now
