#!lua
--[[
  bring: a message brings a buffer and its destination: each is written down if it
  is new, and its use is noted.

  KEYS[1]  config   a field for each, and the version
  KEYS[2]  lives    of each the version that began its life; behind it, where it
                    is being removed, how
  KEYS[3]  used     when each was last used
  KEYS[4]  brought  who brought each, by its field; and how many there are of each
                    kind (":buffer"), and of these who brought how many (":buffer "
                    with who behind it)

  ARGV[1]  who     brings it; empty = nobody that is known
  ARGV[2]  each    most of a kind that one may have brought
  ARGV[3]  most    of a kind that all may have brought
  ARGV[4]  destination  such as destination:c-0123456789abcdef
  ARGV[5]  spec    of the destination, JSON or sealed
  ARGV[6]  buffer  such as buffer:c-0123456789abcdef
  ARGV[7]  spec    of the buffer, JSON or sealed

  Output: the version that the configuration has, that which began the life of the
          destination, and of the buffer; or, where there is no place for one that
          is new, 0, which (1: the destination, 2: the buffer), and whose places
          are taken (1: those of one, 2: those of all): then nothing changed

  What is there and was brought by nobody, as by an older Lull, is from now on
  whoever's that brings it again.
]]
--- @include "clock"

local config, lives, used, brought = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local who, each, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local call, format = redis.call, string.format
local all = {
  { kind = 'destination', field = ARGV[4], spec = ARGV[5] },
  { kind = 'buffer', field = ARGV[6], spec = ARGV[7] },
}

local function how_many(name)
  return tonumber(call('HGET', brought, name) or 0)
end

for which, it in ipairs(all) do
  it.of_all, it.of_one = ':' .. it.kind, ':' .. it.kind .. ' ' .. who
  it.is_there = call('HEXISTS', config, it.field) == 1
  if not it.is_there then
    if how_many(it.of_one) >= each then return { 0, which, 1 } end
    if how_many(it.of_all) >= most then return { 0, which, 2 } end
  end
end

local now, version = clock(), nil
for _, it in ipairs(all) do
  if not it.is_there then
    version = version or format('%d', call('HINCRBY', config, 'version', 1))
    call('HSET', config, it.field, version .. ' ' .. it.spec)
    call('HSET', lives, it.field, version)
  end
  if call('HSETNX', brought, it.field, who) == 1 then
    call('HINCRBY', brought, it.of_all, 1)
    call('HINCRBY', brought, it.of_one, 1)
  end
  call('ZADD', used, now, it.field)
end

local function life(field)
  return tonumber(string.match(call('HGET', lives, field) or '', '^%d+') or 0)
end
version = version or call('HGET', config, 'version')
return { tonumber(version), life(all[1].field), life(all[2].field) }
