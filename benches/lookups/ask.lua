-- wrk ask.lua: args are the path before the key, the file of keys, how many threads share it, how
-- many of its keys are used, and whether the path is asked as it is ("same") or before a key.
local threads = 0

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

function init(args)
  local path, file, of, most = args[1], args[2], tonumber(args[3]), tonumber(args[4])
  same = args[5] == "same"
  host = wrk.headers["Host"]
  prefix = "GET " .. path
  suffix = " HTTP/1.1\r\nHost: " .. host .. "\r\n\r\n"
  keys = {}
  local line = 0
  for key in io.lines(file) do
    if line >= most then break end
    if line % of == id then keys[#keys + 1] = key end
    line = line + 1
  end
  next_key = 0
end

function request()
  if same then return prefix .. suffix end
  next_key = next_key + 1
  if next_key > #keys then next_key = 1 end
  return prefix .. keys[next_key] .. suffix
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    "seen %d %d %d %d %d %d %d %d %d\n",
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max,
    errors.connect + errors.read + errors.write, errors.timeout, errors.status))
end
