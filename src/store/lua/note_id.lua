#!lua flags=allow-oom
--[[
  note_id: note the id of a message that is not to be taken when it comes, for it
  was taken back before.

  KEYS[1]  seen  message ids by the time they came

  ARGV[1]  id    digest of it
  ARGV[2]  keep  how long an id counts as seen, ms

  Output: 1
]]
--- @include "clock"
--- @include "seen_before"

seen_before(KEYS[1], ARGV[1], clock(), tonumber(ARGV[2]))
return 1
