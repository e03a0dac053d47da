#!lua flags=allow-oom
--[[
  end_removal: what was being removed is gone, or stays as it was.

  KEYS[1]  config  a field for each, and the version
  KEYS[2]  lives   of each the version that began its life; behind it, where it
                   is being removed, how
  KEYS[3]  audit   who changed what
  KEYS[4]  over    lives that are over, by when
  KEYS[5]  used    when those that came with a message were last used
  KEYS[6]  pace    when the last attempts to a destination of that name began
  KEYS[7]  brought  who brought those that came with a message, and how many: see
                    bring

  ARGV[1]  field   such as buffer:loja
  ARGV[2]  life    its life that this ends, with how it is being removed
  ARGV[3]  gone    1: it is gone; 0: it stays, under a life of its own
  ARGV[4]  act     what to write into the audit, JSON; empty = nothing
  ARGV[5]  most    entries of the audit
  ARGV[6]  paced   1: it is a destination, and its pace goes with it

  Output: 1, or 0 when somebody else has ended it, or has asked otherwise

  What stays gets a new life, because the marks of the old one say that it is
  over. What is gone is not stopped any more: another of its name shall not begin
  as stopped.
]]
--- @include "clock"

local config, lives, audit, over, used, pace = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local brought = KEYS[7]
local field = ARGV[1]
local call, format = redis.call, string.format

-- What is at nothing goes.
local function one_less(count)
  if call('HINCRBY', brought, count, -1) <= 0 then call('HDEL', brought, count) end
end

if call('HGET', lives, field) ~= ARGV[2] then
  return 0
end
local version = format('%d', call('HINCRBY', config, 'version', 1))
if ARGV[3] == '1' then
  call('HDEL', config, field, 'stopped:' .. field)
  call('HDEL', lives, field)
  call('ZREM', used, field)
  local who = call('HGET', brought, field)
  if who then
    local of_kind = ':' .. string.match(field, '^%a+')
    one_less(of_kind)
    one_less(of_kind .. ' ' .. who)
    call('HDEL', brought, field)
  end
  if ARGV[6] == '1' then call('DEL', pace) end
  call('ZADD', over, format('%d', clock()), field .. ' ' .. string.match(ARGV[2], '^%d+'))
else
  call('HSET', lives, field, version)
end
if ARGV[4] ~= '' then
  call('XADD', audit, 'MAXLEN', '~', ARGV[5], '*', 'act', ARGV[4])
end
return 1
