// A form of someone else's: another origin than the service, a strict policy, and what it was sent.

import { createServer } from "node:http";
import { Agent, request } from "node:http";

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function listening(server, port = 0) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server.address().port));
  });
}

/** Serves the pages it is given, each at its own address, and answers a posted form with its fields. */
export async function site(service) {
  const pages = new Map();
  const received = [];
  let policy = "";
  const server = createServer((asked, answer) => {
    const { pathname } = new URL(asked.url, "http://site");
    answer.setHeader("content-type", "text/html; charset=utf-8");
    answer.setHeader("content-security-policy", policy);
    if (asked.method === "POST") {
      const chunks = [];
      asked.on("data", (chunk) => chunks.push(chunk));
      asked.on("end", () => {
        const fields = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
        received.push(fields);
        const rows = Object.entries(fields).map(([name, value]) => `<li>${escape(name)} = ${escape(value)}</li>`);
        answer.end(`<!DOCTYPE html><html lang="fr"><title>Reçu</title><main><h1>Demande reçue</h1><ul>${rows.join("")}</ul></main></html>`);
      });
      return;
    }
    const body = pages.get(pathname);
    answer.statusCode = body ? 200 : 404;
    answer.end(body ?? "");
  });
  const url = `http://127.0.0.1:${await listening(server)}`;
  return {
    url,
    received,
    /** Puts a page at `/`, whose form holds `content`; scripts and connections to `allowed` only. */
    page(content, allowed = [service]) {
      received.length = 0;
      policy = `default-src 'none'; script-src ${service}; connect-src ${allowed.join(" ")}; style-src 'none'; form-action 'self'; base-uri 'none'`;
      pages.set("/", `<!DOCTYPE html>
<html lang="fr">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Demande</title></head>
<body><main><h1>Demande</h1>${content}</main></body>
</html>`);
      return `${url}/`;
    },
    stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}

/** A way to the service that may be cut or slow: real connections, refused or kept waiting. */
export async function detour(service) {
  const agent = new Agent({ keepAlive: false });
  const state = { delai: 0, demandes: [] };
  const { hostname, port: to } = new URL(service);
  const handler = (asked, answer) => {
    state.demandes.push(asked.url);
    setTimeout(() => {
      const forward = request({ hostname, port: to, path: asked.url, method: asked.method, headers: asked.headers, agent }, (from) => {
        answer.writeHead(from.statusCode, from.headers);
        from.pipe(answer);
      });
      forward.on("error", () => answer.destroy());
      asked.pipe(forward);
    }, state.delai);
  };
  let server = createServer(handler);
  const port = await listening(server);
  const close = () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); });
  return {
    url: `http://127.0.0.1:${port}`,
    demandes: state.demandes,
    lent(delai) {
      state.delai = delai;
    },
    couper: close,
    async retablir() {
      server = createServer(handler);
      await listening(server, port);
    },
    async stop() {
      if (server.listening) await close();
    },
  };
}
