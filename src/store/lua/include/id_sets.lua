--[[
  id_sets: how many sets of message ids a shard has. They take turns: each takes the
  ids of one slice of time, and all that is in it goes at once when its turn comes
  again, or when all of it is too old.

  Whoever has to do with ids has these KEYS one behind the other:
    turn   the number of the set whose turn it is, and of each set until when it
           takes ids, 14 characters each
    sets   as many as there are: the first 14 bytes of digests of message ids, which
           Redis puts into 16, as it would 8 of them
    older  digests by the time they came, of a Lull that knows no sets

  And the argument `beside`, which says what a Lull of that age needs:
    empty  nothing: there is none, and all that one has noted is too old
    read   there was one: what it has noted counts
    write  there is one: what is noted here is noted there, too
]]
local ID_SETS = 4
