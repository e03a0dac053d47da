#!lua flags=allow-oom
--[[
  revive: put dead letters of one lane back in front of what waits on it.

  KEYS[1]  due      lanes of the destination by their next attempt
  KEYS[2]  lane     batches, oldest first
  KEYS[3]  head     exists while the first batch has attempts behind it
  KEYS[4]  revived  batches that were revived and stand behind the first of the
                    lane, in front of all others
  KEYS[5]  dead     dead letters
  KEYS[6]  alive    marks of destinations and schedules, by their lives
  KEYS[7]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held
  KEYS[8]  lanes  destinations that have lanes here, by when the first is due:
                see note_lane

  ARGV[1]  member   the lane in the due index
  ARGV[2]  retries  added to the time of a lane whose head was attempted
  ARGV[3]  field    of the destination or schedule among the marks; empty = it is
                    always there
  ARGV[4]  life     the mark that it must have
  ARGV[5]  entry    of the dead letter in its stream; all further ones likewise

  Output: how many were put back; a letter that is not there (any more) is none.
          -1 when the destination is not there (any more), or has another life:
          then nothing changed

  A head that was attempted stays in front: its state is about the first place,
  and it may be on its way at this moment. The batch is marked "=" so that no
  lease joins it with others: under its id it must stay what it was. Among
  batches so marked the older goes first, in whatever order they are revived, and
  of the messages of one window the one that was said first.

  They stand in a set sorted by when they were closed, because a list has no place
  in its middle that is found without walking to it: 20,000 letters would walk
  200,000,000 steps. A lane has something in this set only while it has a first
  batch, so the lane alone says whether anything waits. Whoever takes the first
  batch away puts the next of the set in its place: settle and erase.

  A member is "<number> <entry> <batch>", the first two of fixed length: the
  number of a batch that was split off a window, and where it lay among the dead,
  which is the order of what was closed within one millisecond.
]]
--- @include "clock"
--- @include "count_held"
--- @include "has_mark"
--- @include "note_lane"
--- @include "revived"
--- @include "wake"

local due, lane, head, revived, dead, alive = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local on_lanes = KEYS[7]
local member = ARGV[1]
local call, format, match = redis.call, string.format, string.match

-- When a batch was closed, and the number of one that was split off.
local LINE = '^. [^%s-]+%-?(%d*) %d+ (%d+) '

local function keep(batch, ms, seq)
  local number, closed = match(batch, LINE)
  local place = format('%09d %015d-%015d ', tonumber(number) or 0, ms, seq)
  call('ZADD', revived, closed, place .. batch)
end

if not has_mark(alive, ARGV[3], ARGV[4]) then return -1 end

local back, bytes = 0, 0
for _, entry in ipairs({ARGV[5], unpack(ARGV, 6)}) do
  local found = call('XRANGE', dead, entry, entry)[1]
  if found then
    local fields = found[2]
    for i = 1, #fields, 2 do
      if fields[i] == 'batch' then
        local ms, seq = match(entry, '^(%d+)-(%d+)$')
        keep('=' .. string.sub(fields[i + 1], 2), ms, seq)
        back, bytes = back + 1, bytes + #fields[i + 1]
      end
    end
    call('XDEL', dead, entry)
  end
end
if back == 0 then return 0 end
count_held(on_lanes, member, back, bytes)

if call('EXISTS', head) == 0 then
  local first = call('LINDEX', lane, 0)
  if first and string.sub(first, 1, 1) == '=' then
    -- It stands there since an earlier step, and need not be the oldest any more.
    call('LPOP', lane)
    keep(first, 0, 0)
  end
  call('LPUSH', lane, without_place(call('ZPOPMIN', revived)[1]))
end
local now = clock()
if call('ZADD', due, 'NX', format('%d', ARGV[2] + now), member) == 1 then note_lane(KEYS[8], due, now) end
wake(due)
return back
