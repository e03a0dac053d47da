--[[
  note_lane: note among the destinations that have lanes in a shard that a lane in this
  index is due then, unless one is due sooner. Whoever puts an entry into an index of
  lanes does this. That the first is due later nobody notes: see due_lanes.

  Only here: 'LT'
]]
--- @include "destination_of"

local function note_lane(lanes, due, at)
  redis.call('ZADD', lanes, 'LT', string.format('%d', at), destination_of(due))
end
