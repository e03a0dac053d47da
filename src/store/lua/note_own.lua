#!lua flags=allow-oom
--[[
  note_own: note one of our own messages, as a program's or as a person's, and
  tell whether it came as the other's.

  KEYS[1]  seen  message ids by the time they came

  ARGV[1]  this   digest of its id, as whose it came now
  ARGV[2]  other  digest of its id, as the other's
  ARGV[3]  keep   how long an id counts as seen, ms

  Output: 1: it came as the other's; 0: it did not
]]
--- @include "clock"
--- @include "seen_before"

local seen, this, other, keep = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

local now = clock()
seen_before(seen, this, now, keep)
local came = redis.call('ZSCORE', seen, other)
return came and now - tonumber(came) <= keep and 1 or 0
