-- wrk ranges.lua: args are the path and the file of ranges, one `first-last` a line. Every answer must be
-- a 206 of the length asked: wrk counts the bytes, the bench compares.
function init(args)
  local host = wrk.headers["Host"]
  requests = {}
  for range in io.lines(args[2]) do
    requests[#requests + 1] = "GET " .. args[1] .. " HTTP/1.1\r\nHost: " .. host .. "\r\nRange: bytes=" .. range .. "\r\n\r\n"
  end
  at = math.random(#requests)
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("seen %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout + errors.status))
end
