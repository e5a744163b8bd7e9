-- Sends the requests of a file in turn and reports as JSON. Arguments: the file (requests as they go over the wire, separated
-- by NUL), and the number to count on from, which replaces the first run of nine # in a request.
local NUMBER = "#########"
local requests, count, number = {}, 0, 0

function init(arguments)
   local file = assert(io.open(arguments[1], "rb"))
   for text in file:read("*a"):gmatch("[^%z]+") do
      count = count + 1
      local from, to = text:find(NUMBER, 1, true)
      requests[count] = from and { text:sub(1, from - 1), text:sub(to + 1) } or text
   end
   file:close()
   number = tonumber(arguments[2])
end

function request()
   local one = requests[number % count + 1]
   number = number + 1
   if type(one) == "string" then return one end
   return one[1] .. string.format("%09d", number) .. one[2]
end

function done(summary, latency)
   local e = summary.errors
   io.write(string.format(
      '\n{"requests": %d, "seconds": %.6f, "bytes": %d, "errors": %d, "p50_ms": %.3f, "p95_ms": %.3f, "p99_ms": %.3f}\n',
      summary.requests, summary.duration / 1e6, summary.bytes, e.connect + e.read + e.write + e.status + e.timeout,
      latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3))
end
