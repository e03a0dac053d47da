--[[
  batch_line: the line about a batch, in front of its messages. It ends with whose the
  batch is, in an ordered buffer: the chat as a word with a space before it.

  Only here: %d %d %d %s
  Only here: (%d+) (%d+) (%d+) (%a+)
]]
local BATCH_LINE = '^(.) (%S+) (%d+) (%d+) (%d+) (%a+) (%d+)( ?%S*)\n'

local function batch_line(mark, id, opened, closed, deadline, reason, count, whose)
  return string.format('%s %s %d %d %d %s %d%s\n', mark, id, opened, closed, deadline, reason, count, whose)
end
