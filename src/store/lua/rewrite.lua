#!lua flags=allow-oom
--[[
  rewrite: write a list anew, so that nothing is left of entries that were dropped.

  KEYS[1]  list  a stream
  KEYS[2]  copy  takes its place

  Output: how many entries it has

  Redis only marks an entry that is dropped from a stream: its words stay in the
  block that it shares with its neighbours, as long as one of those stays, and go
  into every dump and every rewritten append-only file.
]]
-- So many entries at a time, as Lua holds them twice.
local CHUNK = 256

local list, copy = KEYS[1], KEYS[2]
local call = redis.call

if call('EXISTS', list) == 0 then return 0 end
local told, length = {}, 0
local info = call('XINFO', 'STREAM', list)
for i = 1, #info, 2 do
  told[info[i]] = info[i + 1]
end

call('DEL', copy)
local from = '-'
repeat
  local entries = call('XRANGE', list, from, '+', 'COUNT', CHUNK)
  for _, entry in ipairs(entries) do
    call('XADD', copy, entry[1], unpack(entry[2]))
    from = '(' .. entry[1]
  end
  length = length + #entries
until #entries < CHUNK

if length == 0 then
  call('DEL', list)
  return 0
end
call('RENAME', copy, list)
-- Who follows the list goes on from its newest entry, which may be gone.
call('XSETID', list, told['last-generated-id'], 'ENTRIESADDED', told['entries-added'],
  'MAXDELETEDID', told['max-deleted-entry-id'])
return length
