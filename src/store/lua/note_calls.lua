#!lua flags=allow-oom
--[[
  note_calls: note how calls to destinations go, as one monitor saw it.

  KEYS[1]  calls  of each destination the last success, the last failure, since when
                  it fails, when a monitor last took it for down, and what happened

  Arguments, seven for each destination:
           name
           success  so many ms ago; empty = none since this was last noted
           failure  likewise
           first    failure since the last success, likewise
           status   of the last failure; 0 = there was no answer
           down     1: this monitor takes it for down; 0: not any more; empty:
                    nothing is new
           summary  of the last failure

  Output: the time, ms since 1970

  A value is "<success> <failure> <failing since> <down> <status> <summary>", where 0
  is never. What several monitors saw is put together: the newest of each counts.
  It is one small value for each destination, so it fills nothing.
]]
--- @include "clock"

local calls = KEYS[1]
local now = clock()
local KNOWN = '^(%d+) (%d+) (%d+) (%d+) (%d+) (.*)$'

local function ago(ms)
  return ms ~= '' and now - tonumber(ms) or 0
end

for i = 0, #ARGV - 1, 7 do
  local name, down, seen = ARGV[i + 1], ARGV[i + 6], ago(ARGV[i + 3])
  local before = redis.call('HGET', calls, name) or '0 0 0 0 0 '
  local success, failure, since, was_down, status, summary = string.match(before, KNOWN)
  success, failure, since = tonumber(success or 0), tonumber(failure or 0), tonumber(since or 0)
  success = math.max(success, ago(ARGV[i + 2]))
  if seen > failure then
    failure, status, summary = seen, ARGV[i + 5], ARGV[i + 7]
  end
  if failure <= success then
    since = 0
  elseif since <= success then
    since = math.max(ago(ARGV[i + 4]), success)
  end
  if down == '1' then
    was_down = now
  elseif down == '0' then
    was_down = 0
  end
  local times = string.format('%d %d %d %d ', success, failure, since, tonumber(was_down or 0))
  redis.call('HSET', calls, name, times .. (status or '0') .. ' ' .. (summary or ''))
end
return now
