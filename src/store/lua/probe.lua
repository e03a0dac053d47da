#!lua
--[[
  probe: find out whether what fills Redis would be taken now.

  Output: 0

  It writes nothing, but as a script that may write it is refused as a message
  would be: by a replica, by a Redis whose disk is full, by one without room. It has
  no key, so each node of a cluster answers for itself.
]]
return 0
