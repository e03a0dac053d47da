#!lua flags=allow-oom
--[[
  note_own: note one of our own messages, as a program's or as a person's, and
  tell whether it came as the other's.

  KEYS[1]  ids   the turn of the sets of message ids, those, and the
                 older ones: 6 keys, see id_sets

  ARGV[1]  this    digest of its id, as whose it came now
  ARGV[2]  other   digest of its id, as the other's
  ARGV[3]  keep    how long an id counts as seen, ms
  ARGV[4]  slice   for so long a set takes ids, ms
  ARGV[5]  beside  what an older Lull needs: see id_sets

  Output: 1: it came as the other's; 0: it did not
]]
--- @include "clock"
--- @include "id_is_noted"
--- @include "seen_before"

-- KEYS[1] and on.
local IDS = 1
local this, other, keep, beside = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[5]

local now = clock()
seen_before(IDS, this, now, keep, ARGV[4], beside)
return id_is_noted(IDS, other, now, keep, beside) and 1 or 0
