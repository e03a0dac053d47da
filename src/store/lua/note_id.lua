#!lua flags=allow-oom
--[[
  note_id: note the id of a message that is not to be taken when it comes, for it
  was taken back before.

  KEYS[1]  ids   the turn of the sets of message ids, those, and the
                 older ones: 6 keys, see id_sets

  ARGV[1]  id      digest of it
  ARGV[2]  keep    how long an id counts as seen, ms
  ARGV[3]  slice   for so long a set takes ids, ms
  ARGV[4]  beside  what an older Lull needs: see id_sets

  Output: 1
]]
--- @include "clock"
--- @include "seen_before"

-- KEYS[1] and on.
local IDS = 1
seen_before(IDS, ARGV[1], clock(), ARGV[2], ARGV[3], ARGV[4])
return 1
