#!lua
--[[
  seal: write a specification anew that lies there in another form, if nobody has
  written it meanwhile.

  KEYS[1]  config  see configure

  ARGV[1]  field  such as destination:bot
  ARGV[2]  old    its value, with its version
  ARGV[3]  new    the same in the form in which it would be written now

  Output: 1; 0: another value is there, and nothing changed

  It says the same as before, so it is no new version.
]]
local config, field = KEYS[1], ARGV[1]

if redis.call('HGET', config, field) ~= ARGV[2] then
  return 0
end
redis.call('HSET', config, field, ARGV[3])
return 1
