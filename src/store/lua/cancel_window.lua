#!lua flags=allow-oom
--[[
  cancel_window: drop an open window with its messages.

  KEYS[1]  timer   deleted
  KEYS[2]  window  deleted
  KEYS[3]  due     open windows by deadline; the chat's entry goes
  KEYS[4]  alive   marks of buffers, by their lives
  KEYS[5]  open    how many windows are open here, their bytes, and of each buffer:
                   see count_held

  ARGV[1]  member  the chat in the due index
  then, in a removal:
           field   of its buffer among the marks
           mark    that it must have: that of the life that is over

  Output: how many messages were dropped

  Who removes a buffer and was held up must not drop what was said since in
  another of its name.
]]
--- @include "drop_window"
--- @include "have_marks"

local timer, window, due, alive, open = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

if not have_marks(alive, 2) then return 0 end
return drop_window(timer, window, due, open, ARGV[1])
