--[[
  window_head: how the first entry of a window is packed, which tells of the window:
  opened, cap, quiet, bytes, count, deadline, kind, text and reason.

  The kind is what may still set the deadline, the text a digest of what was said
  last. As text the head would cost a tenth of an append's time.

  Behind that stands "<typing> <before> <rule>", where there is anything to tell:
  how long typing has held the window, ms; when the window would close without the
  typing since the last message, 0 = there was none; and the rule that set its
  wait, where it is not that of its buffer.

  Only here: '>
  Only here: 9000000000000000
  Only here: FIXED, MEDIA =
]]
local HEAD = '>ddddddBss'
-- The cap of a window that has none.
local NO_CAP = 9000000000000000
-- What may still set the deadline of a window: any message; none; the first text, as it holds only media.
local RESTARTS, FIXED, MEDIA = 0, 1, 2
local function read_told(head, at)
  local typing, before, rule = string.match(string.sub(head, at), '^(%d+) (%d+) (%a*)$')
  return tonumber(typing or 0), tonumber(before or 0), rule or ''
end
local function told(typing, before, rule)
  if typing == 0 and before == 0 and rule == '' then return '' end
  return string.format('%d %d %s', typing, before, rule)
end
-- Added to it while a typing signal is what the deadline was set by.
local HELD = 4
