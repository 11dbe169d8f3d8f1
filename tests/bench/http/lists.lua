-- SPDX-License-Identifier: MIT
-- wrk's side of http_lists.py: one user's pages, one after the other, over all connections.
--
--     wrk ... -s lists.lua URL -- FILE       lines "PATH TOKEN"
--
-- Prints "seen REQUESTS DURATION-US BYTES ERRORS".

local requests, at = {}, 0

function init(args)
   for line in io.lines(args[1]) do
      local path, token = line:match("^(%S+) (%S+)$")
      requests[#requests + 1] = wrk.format("GET", path, { Authorization = "Bearer " .. token })
   end
end

function request()
   at = at % #requests + 1
   return requests[at]
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format("seen %d %d %d %d\n", summary.requests, summary.duration, summary.bytes,
      errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
