-- SPDX-License-Identifier: MIT
-- For wrk: asks for the documents of a file of "ID TOKEN" lines, one after the other, and says what
-- it saw as "seen REQUESTS MICROSECONDS P50 P99 ERRORS".

local requests, last = {}, 0

function init(args)
   for line in io.lines(args[1]) do
      local id, token = line:match("^(%S+) (%S+)$")
      requests[#requests + 1] = wrk.format("GET", "/documents/" .. id .. "/status",
                                           { Authorization = "Bearer " .. token })
   end
end

function request()
   last = last % #requests + 1
   return requests[last]
end

function done(summary, latency, _)
   local errors = 0
   for _, n in pairs(summary.errors) do
      errors = errors + n
   end
   print(string.format("seen %d %d %d %d %d", summary.requests, summary.duration,
                       latency:percentile(50), latency:percentile(99), errors))
end
