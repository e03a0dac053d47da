#!lua flags=allow-oom
--[[
  lease: take the head of a due lane for a limited time and count the attempt.

  KEYS[1]  due   lanes of the destination by their next attempt
  KEYS[2]  lane  batches, oldest first
  KEYS[3]  head  how far the first batch has come
  KEYS[4]  on lanes  how many batches are on lanes here, their bytes, and of each
                     buffer: see count_held
  KEYS[5]  lanes  destinations that have lanes here, by when the first is due: see
                  note_lane

  ARGV[1]  member        the lane in the due index
  ARGV[2]  token         names this lease
  ARGV[3]  length        of the lease, ms
  ARGV[4]  max messages  that batches may be joined up to; 0 = no limit
  ARGV[5]  max bytes     likewise
  ARGV[6]  retries       added to the time of a lane whose head was attempted

  Output: {status, batch, number of this attempt, ms since the batch's deadline,
           when the first attempt was, ms since then, leases cut off}
    leased
    later   the head waits for its retry, or another monitor has it
    empty   nothing is on the lane

  A lease that ran out without having been settled was cut off: its monitor was
  killed, perhaps by this very batch. They are counted until one is settled.

  On the first attempt of a head the batches behind it are joined to it: after
  an outage a person gets one answer, not five. Never after it: a batch that was
  attempted may have arrived, and must stay what it was under its id. For the
  same reason a revived batch, marked "=", is never joined, nor is a message
  that is to be a call of its own, marked "/". On the lane of an ordered buffer
  only batches of one chat are joined, which the last word of the line names.
]]
--- @include "batch_line"
--- @include "clock"
--- @include "note_lane"

local due, lane, head = KEYS[1], KEYS[2], KEYS[3]
local member, token, length = ARGV[1], ARGV[2], tonumber(ARGV[3])
local max_messages, max_bytes, retries = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local now = clock()

local batch, behind = unpack(redis.call('LRANGE', lane, 0, 1))
if not batch then
  redis.call('ZREM', due, member)
  redis.call('DEL', head)
  return {'empty'}
end

local state = redis.call('HMGET', head, 'attempts', 'due', 'first', 'token', 'cut')
local attempts = tonumber(state[1] or 0)
if state[2] and tonumber(state[2]) > now then
  redis.call('ZADD', due, string.format('%d', retries + state[2]), member)
  note_lane(KEYS[5], due, state[2])
  return {'later'}
end

local mark, id, opened, closed, deadline, reason, messages, how, whose = string.match(batch, BATCH_LINE)
if attempts == 0 and mark == '-' and behind then
  -- What is joined was gathered as its last part was, and held by typing as long as all of them.
  local function with_typing_of(before, last)
    local typing = tonumber(string.match(before, '^/%d+/(%d+)/') or 0)
    return (string.gsub(last, '^/(%d+)/(%d+)/', function(wait, more)
      return string.format('/%s/%d/', wait, typing + more)
    end))
  end
  local bytes, joined = #batch, {}
  -- 64 at a time: what is left over is joined once this delivery is through.
  for _, next in ipairs(redis.call('LRANGE', lane, 1, 64)) do
    local m, _, _, c, _, r, n, h, w = string.match(next, BATCH_LINE)
    local fits = (max_messages == 0 or messages + n <= max_messages) and (max_bytes == 0 or bytes + #next <= max_bytes)
    if m ~= '-' or w ~= whose or not fits then break end
    closed, reason, messages, bytes, how = c, r, messages + n, bytes + #next, with_typing_of(how, h)
    joined[#joined + 1] = string.sub(next, string.find(next, '\n', 1, true) + 1)
  end
  if #joined > 0 then
    --- @include "count_held"
    local items = string.sub(batch, string.find(batch, '\n', 1, true) + 1)
    local line = batch_line('-', id, opened, closed, deadline, reason, messages, how, whose)
    batch = line .. items .. ',' .. table.concat(joined, ',')
    redis.call('LTRIM', lane, #joined + 1, -1)
    redis.call('LPUSH', lane, batch)
    count_held(KEYS[4], member, -#joined, #batch - bytes)
  end
end

attempts = attempts + 1
local cut = tonumber(state[5] or 0)
if state[4] then
  cut = cut + 1
  redis.call('HSET', head, 'cut', cut)
end
local first = state[3] or string.format('%d', now)
local until_then = now + length
redis.call('HSET', head, 'attempts', attempts, 'due', string.format('%d', until_then), 'token', token, 'first', first)
redis.call('ZADD', due, string.format('%d', retries + until_then), member)
note_lane(KEYS[5], due, until_then)
return {'leased', batch, attempts, now - deadline, tonumber(first), now - first, cut}
