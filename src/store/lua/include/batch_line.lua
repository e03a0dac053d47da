--[[
  batch_line: the line about a batch, in front of its messages. It ends with whose the
  batch is, in an ordered buffer: the chat as a word with a space before it.

  Behind the count of what had a window stands how it was gathered:
  "/<wait>/<typing>/<rule>", see window_head; and then, of what is sent again,
  "/<digits>" of the batch that it repeats, with nothing between the strokes before it
  where there was no window.

  Only here: %d %d %d %s
  Only here: (%d+) (%d+) (%d+) (%a+)
]]
local BATCH_LINE = '^(.) (%S+) (%d+) (%d+) (%d+) (%a+) (%d+)([/%w]*)( ?%S*)\n'

local function batch_line(mark, id, opened, closed, deadline, reason, count, how, whose)
  return string.format('%s %s %d %d %d %s %d%s%s\n', mark, id, opened, closed, deadline, reason, count, how, whose)
end
