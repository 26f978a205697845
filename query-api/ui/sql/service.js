// What the page asks of /v1/sql. The answer is read as it comes: the columns, then a row a line, then what it is of.

/** An answer that is no result: what the service said of it, and where in the query. */
export class Refus extends Error {
  constructor({ code, detail, que_faire: advice, ligne, colonne, titre }) {
    super(detail ?? titre ?? "La requête n'a pas abouti.");
    this.code = code ?? "";
    this.titre = titre ?? "";
    this.conseil = advice ?? "";
    this.ligne = ligne ?? null;
    this.colonne = colonne ?? null;
  }
}

/** Numbers that JavaScript would round are kept as text. */
const BIG = /(?<![\d."eE-])-?\d{16,}(?![\d.eE])/;
function read(text) {
  if (!BIG.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_name, value, context) =>
    typeof value === "number" && context?.source && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source) ? context.source : value);
}

async function refusal(response) {
  const text = await response.text();
  try {
    const problem = JSON.parse(text);
    return new Refus({ ...problem, titre: problem.title });
  } catch {
    return new Refus({ detail: `Le serveur a répondu ${response.status}.`, que_faire: "Réessayez dans quelques instants." });
  }
}

/** Tables, views, functions and limits. */
export async function schema() {
  const response = await fetch("/v1/sql/schema", { headers: { Accept: "application/json" } });
  if (!response.ok) throw await refusal(response);
  return response.json();
}

/** The codes of the columns that have a list of them: `{ listes, colonnes }`. */
export async function codes() {
  const response = await fetch("/sql/codes.json");
  return response.ok ? response.json() : { listes: {}, colonnes: {} };
}

/**
 * Runs a query. `report` is told of the columns, then of rows as they come, at most `most` of them and of `bytes`
 * characters; what resolves says how it ended. An abort by `signal` closes the connection, which stops the server.
 */
export async function executer(q, { signal, most, bytes, report }) {
  const began = performance.now();
  const response = await fetch("/v1/sql", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ q }),
    signal,
  });
  if (!response.ok) throw await refusal(response);
  const found = { premiere: null, octets: 0, nombre: 0, complet: false, donnees: null, tronque: false };
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let rest = "";
  let lines = 0;
  const take = (line) => {
    if (lines++ === 0) {
      report.colonnes(JSON.parse(`${line}]}`).colonnes);
      return null;
    }
    if (line.startsWith("]")) {
      const end = JSON.parse(`{"lignes":[${line}`);
      Object.assign(found, { complet: true, nombre: end.nombre, donnees: end.donnees });
      return null;
    }
    return read(line.endsWith(",") ? line.slice(0, -1) : line);
  };
  let kept = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      if (signal.aborted) throw error;
      throw new Refus({
        code: "reponse_interrompue",
        titre: "Réponse interrompue",
        detail: `La réponse s'est arrêtée après ${kept} lignes, avant sa fin.`,
        que_faire: "La connexion a été coupée, ou la requête a dépassé une limite du serveur : ajoutez LIMIT ou un filtre, puis réessayez.",
      });
    });
    if (done) break;
    found.octets += value.length;
    found.premiere ??= performance.now() - began;
    rest += decoder.decode(value, { stream: true });
    const cut = rest.lastIndexOf("\n");
    if (cut < 0) continue;
    const rows = rest.slice(0, cut).split("\n").map(take).filter(Boolean);
    rest = rest.slice(cut + 1);
    const room = Math.max(0, most - kept);
    kept += Math.min(rows.length, room);
    report.lignes(rows.slice(0, room));
    if (rows.length > room || found.octets > bytes) {
      // The server stops when nobody reads any more.
      await reader.cancel();
      return { ...found, nombre: kept, tronque: true, duree: performance.now() - began };
    }
    // Between two pieces, the page answers the one who reads it.
    await new Promise((resolve) => { setTimeout(resolve); });
  }
  if (rest) take(rest);
  if (!found.complet) throw new Refus({ code: "reponse_interrompue", detail: `La réponse s'est arrêtée après ${kept} lignes, avant sa fin.` });
  return { ...found, duree: performance.now() - began };
}
