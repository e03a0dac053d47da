#!lua
--[[
  amend: change a message of an open window, or take it back.

  KEYS[1]  timer   deleted with the last message
  KEYS[2]  window  a head, then the messages
  KEYS[3]  due     open windows by deadline; the chat's entry goes with the last
                   message
  KEYS[4]  open    how many windows are open here, their bytes, and of each buffer:
                   see count_held

  ARGV[1]  member  the chat in the due index
  ARGV[2]  place   of the message among those of the window, from 1
  ARGV[3]  old     the message as it stands there
  ARGV[4]  new     as it is to stand there; empty = it is taken back

  Output: 1: done; 0: another stands there, or there is no window any more

  When the window closes stays as it is. What was said last is compared with
  nothing any more: it is not what it was.
]]
--- @include "drop_window"
--- @include "window_head"

local timer, window, due, open = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local member, place, old, new = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local call = redis.call

if place == '0' or call('LINDEX', window, place) ~= old then return 0 end

local head = call('LINDEX', window, 0)
local opened, cap, quiet, bytes, count, deadline, kind, _, reason, behind = struct.unpack(HEAD, head)
if new == '' and count == 1 then
  drop_window(timer, window, due, open, member)
  return 1
end

local more = #new - #old
call('LSET', window, place, new)
if new == '' then
  call('LREM', window, 1, '')
  -- The time in front of a message does not count.
  more = #string.match(old, '^{"at":%d+,') - 1 - #old
  count = count - 1
end
bytes = bytes + more
call('LSET', window, 0, struct.pack(HEAD, opened, cap, quiet, bytes, count, deadline, kind, '', reason) .. string.sub(head, behind))
call('HINCRBY', open, ':bytes', string.format('%d', more))
return 1
