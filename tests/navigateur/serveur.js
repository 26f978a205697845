// The built binary on the sample data, as `make demo` runs it, in a folder that is removed afterwards.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BINARY =
  process.env.REGISTRE_BIN ?? path.join(process.env.CARGO_TARGET_DIR ?? path.join(ROOT, "target"), "debug/registre");

/** Starts `registre` on a free port; its address, and how to stop it. */
export async function start(options, data) {
  const child = spawn(BINARY, [...options, "--listen", "127.0.0.1:0", "--data", data], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const said = [];
  const url = await new Promise((resolve, reject) => {
    const read = (line) => {
      said.push(line);
      const found = /serving (http:\/\/[^/\s]+)/.exec(line);
      if (found) resolve(found[1]);
    };
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", read);
    child.once("error", (error) => reject(new Error(`cannot run ${BINARY}: ${error.message}; build it first (make build)`)));
    ended.then((code) => reject(new Error(`${BINARY} ${options.join(" ")} ended (${code}):\n${said.join("\n")}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  return { url, stop };
}

async function ready(url) {
  for (let tries = 0; tries < 600; tries++) {
    const health = await fetch(`${url}/health`).catch(() => null);
    if (health?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url}/health is not 200 after a minute`);
}

/** The sample, ingested and served. `another` starts one more server on the same data. */
export async function sample() {
  const data = await mkdtemp(path.join(tmpdir(), "registre-navigateur-"));
  const main = await start(["up", "--source", "sample"], data);
  await ready(main.url);
  const others = [];
  return {
    url: main.url,
    data,
    async another(options) {
      const other = await start(["serve", ...options], data);
      others.push(other);
      return other.url;
    },
    async stop() {
      await Promise.all([main, ...others].map((server) => server.stop()));
      await rm(data, { recursive: true, force: true });
    },
  };
}
