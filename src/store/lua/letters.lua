#!lua flags=no-writes,allow-oom
--[[
  letters: read what is written about dead letters, a little at a time.

  KEYS[1]  dead  dead letters

  ARGV[1]  from  the first entry
  ARGV[2]  to    the last entry
  ARGV[3]  most  entries to read
  ARGV[4]  bytes after so many no further entry is read

  Output: of each entry its id, what was written about it, the line about its
          batch, and its bytes; one list of all, the oldest first

  What was said stays here: it can be a million times as long.
]]
local dead, from, to = KEYS[1], ARGV[1], ARGV[2]
local most, left = tonumber(ARGV[3]), tonumber(ARGV[4])

local read = {}
for _ = 1, most do
  local found = redis.call('XRANGE', dead, from, to, 'COUNT', 1)[1]
  if not found then break end
  local entry, fields = found[1], found[2]
  local letter, batch = '', ''
  for i = 1, #fields, 2 do
    if fields[i] == 'letter' then letter = fields[i + 1] end
    if fields[i] == 'batch' then batch = fields[i + 1] end
  end
  local bytes = #letter + #batch
  local line = string.match(string.sub(batch, 1, 4096), '^[^\n]*')
  for _, word in ipairs({entry, letter, line, bytes}) do
    read[#read + 1] = word
  end
  left = left - bytes
  if left <= 0 then break end
  from = '(' .. entry
end
return read
