--[[
  have_marks: whether each has its mark, of the pairs of field and mark that stand
  among the arguments from here on.

  Only here: alive, ARGV[i])
]]
local function have_marks(alive, from)
  for i = from, #ARGV, 2 do
    if redis.call('HGET', alive, ARGV[i]) ~= ARGV[i + 1] then return false end
  end
  return true
end
