#!lua flags=allow-oom
--[[
  forget_mark: drop the mark of a life that has been over for long.

  KEYS[1]  alive  marks of buffers, destinations and schedules, by field

  ARGV[1]  field  such as buffer:loja
  ARGV[2]  mark   that it must have

  Output: 1 if it is gone, 0 if it has another mark
]]
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
return redis.call('HDEL', KEYS[1], ARGV[1])
