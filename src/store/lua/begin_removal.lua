#!lua flags=allow-oom
--[[
  begin_removal: from now on a buffer, a destination or a schedule is being
  removed.

  KEYS[1]  config  a field for each, and the version
  KEYS[2]  lives   of each the version that began its life; behind it, where it
                   is being removed, how
  KEYS[3]  used    when those that came with a message were last used

  ARGV[1]  field   such as buffer:loja
  ARGV[2]  base    the version that this was decided by; empty = any
  ARGV[3]  how     what is to become of what stands there: a word, and who asked
  ARGV[4]  age     only if it came with a message and nobody has used it for so
                   long, ms; empty = in any case

  Output: what stands among the lives then; empty when it is not there, or in use;
          "stale" when the version is another than the base. With either nothing
          changed

  The life is followed by "removing <since> <how>". Who asks again says anew how.
  It may use memory beyond maxmemory: a removal frees some.
]]
--- @include "clock"

local config, lives, used = KEYS[1], KEYS[2], KEYS[3]
local field, base, how, age = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local call, format = redis.call, string.format

if base ~= '' and base ~= (call('HGET', config, 'version') or '0') then
  return 'stale'
end
if call('HEXISTS', config, field) == 0 then
  return ''
end
local now = clock()
if age ~= '' then
  local last = tonumber(call('ZSCORE', used, field) or now)
  if now - last < tonumber(age) then return '' end
end
local life = string.match(call('HGET', lives, field) or '', '^%d+')
local version = format('%d', call('HINCRBY', config, 'version', 1))
local text = format('%s removing %d ', life or version, now) .. how
call('HSET', lives, field, text)
return text
