--[[
  window_head: how the first entry of a window is packed, which tells of the window:
  opened, cap, quiet, bytes, count, deadline, kind, text and reason.

  The kind is what may still set the deadline, the text a digest of what was said
  last. As text the head would cost a tenth of an append's time.

  Only here: '>
  Only here: 9000000000000000
  Only here: FIXED, MEDIA =
]]
local HEAD = '>ddddddBss'
-- The cap of a window that has none.
local NO_CAP = 9000000000000000
-- What may still set the deadline of a window: any message; none; the first text, as it holds only media.
local RESTARTS, FIXED, MEDIA = 0, 1, 2
-- Added to it while a typing signal is what the deadline was set by.
local HELD = 4
