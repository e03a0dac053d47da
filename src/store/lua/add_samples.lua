#!lua flags=allow-oom
--[[
  add_samples: add what a daemon counted to the steps of time that go on now.

  KEYS[1]  told   of each daemon the number of what it told last, and when
  KEYS[2]  and all others: the steps of one length, each in its place
  ...

  ARGV[1]  id      of the daemon
  ARGV[2]  number  of what it tells; what has no higher one than the last was added
                   already
  ARGV[3]  keep    ms; daemons that told nothing for so long are forgotten
  ARGV[4]  look    the key of how much there is
  then, two for each key but the first:
           length  of a step, ms
           kept    how many; that is how many places there are
  then, two for each count:
           key     if it begins with = the number takes the place of the one before,
                   else it is added to that
           number

  Output: the time, ms since 1970; 1 = somebody has looked how much there is, in this
  step of the first length

  A step is "<number of the step><key><number><key><number>…"; no key has a digit. It
  takes the place of one that is over, so this fills nothing.
]]
--- @include "clock"

local told, id, number, keep, look = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local call, format = redis.call, string.format
local counts = 5 + 2 * (#KEYS - 1)

local now = clock()

local function told_of(value)
  local last, at = string.match(value or '', '^(%d+) (%d+)$')
  return tonumber(last or 0), tonumber(at or 0)
end

local before = call('HGET', told, id)
local is_new = number > told_of(before)
if not before then
  local all = call('HGETALL', told)
  for i = 1, #all, 2 do
    local _, at = told_of(all[i + 1])
    -- One of the future told before the clock was put back.
    if math.abs(now - at) > keep then call('HDEL', told, all[i]) end
  end
end
if is_new then call('HSET', told, id, format('%d %d', number, now)) end

local looked = 0
for k = 2, #KEYS do
  local length, kept = tonumber(ARGV[2 * k + 1]), tonumber(ARGV[2 * k + 2])
  local step = math.floor(now / length)
  local place = format('%d', step % kept)
  local of, counted = string.match(call('HGET', KEYS[k], place) or '', '^(%d+)(.*)$')
  local sums, changed = {}, false
  if tonumber(of or -1) == step then
    for key, count in string.gmatch(counted, '([^%d]+)(%d+)') do sums[key] = tonumber(count) end
  end
  for i = counts, is_new and #ARGV or 0, 2 do
    local key, sum = ARGV[i], tonumber(ARGV[i + 1])
    if string.sub(key, 1, 1) ~= '=' then sum = sum + (sums[key] or 0) end
    changed = changed or sums[key] ~= sum
    sums[key] = sum
  end
  if changed then
    local all = { format('%d', step) }
    for key, sum in pairs(sums) do all[#all + 1] = key .. format('%.0f', sum) end
    call('HSET', KEYS[k], place, table.concat(all))
  end
  if k == 2 and sums[look] then looked = 1 end
end
return { now, looked }
