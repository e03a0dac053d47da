#!lua flags=allow-oom
--[[
  note_lines: note what came through the lines of gateways, as one api saw it.

  KEYS[1]  lines  of each its first post, its last, how many lately, and its last
                  refusal

  ARGV[1]  most   lines; what comes through others is noted together
  ARGV[2]  keep   ms; lines through which nothing came for so long go
  ARGV[3]  fades  a post counts for less the longer ago it was: after so many ms for
                  1/e
  ARGV[4]  trim   1: look for lines that go
  then, five for each line:
           line
           posts    since this was last noted
           last     so many ms ago; empty = there was none
           refused  the last refusal, likewise
           code     of that

  Output: the time, ms since 1970

  A value is "<first> <last> <count> <refused> <code>", where 0 is never. It holds no
  person: a line is a number or an account of our own.
]]
--- @include "clock"

local lines, most, keep, fades = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local call, format = redis.call, string.format
local KNOWN = '^(%d+) (%d+) (%S+) (%d+) (%S*)$'
local OTHERS = 'other'

local now = clock()

for i = 5, #ARGV, 5 do
  local line, posts = ARGV[i], tonumber(ARGV[i + 1])
  local before = call('HGET', lines, line)
  if not before and call('HLEN', lines) >= most then
    line = OTHERS
    before = call('HGET', lines, line)
  end
  local first, last, count, refused, code = string.match(before or '0 0 0 0 ', KNOWN)
  first, last, count = tonumber(first or 0), tonumber(last or 0), tonumber(count or 0)
  refused, code = tonumber(refused or 0), code or ''
  if ARGV[i + 2] ~= '' then
    local at = now - ARGV[i + 2]
    if first == 0 then first = at end
    count = count * math.exp(-math.max(at - last, 0) / fades) + posts
    last = math.max(at, last)
  end
  if ARGV[i + 3] ~= '' and now - ARGV[i + 3] > refused then
    refused, code = now - ARGV[i + 3], ARGV[i + 4]
  end
  call('HSET', lines, line, format('%d %d %.3f %d %s', first, last, count, refused, code))
end

if ARGV[4] == '1' then
  local all = call('HGETALL', lines)
  for i = 1, #all, 2 do
    local _, last, _, refused = string.match(all[i + 1], KNOWN)
    if now - math.max(tonumber(last or 0), tonumber(refused or 0)) > keep then call('HDEL', lines, all[i]) end
  end
end
return now
