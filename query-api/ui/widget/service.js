// Asking the service, which may be slow, limited or unreachable: each of these is an answer too.

const RESULTATS = ["trouve", "ferme", "doublon", "diffusion_partielle", "inconnu", "invalide"];

/** The service could not say. `code` is "injoignable", "delai_depasse" or "limite"; `attente` is how
 * long it asked to wait, in milliseconds, or null. */
export class SansReponse extends Error {
  constructor(code, attente = null) {
    super(code);
    this.code = code;
    this.attente = attente;
  }
}

/** The JSON at an address. Throws SansReponse, or an AbortError once `signal` is aborted. */
async function lire(address, signal, delai) {
  const mine = new AbortController();
  const follow = () => mine.abort();
  signal.addEventListener("abort", follow);
  if (signal.aborted) mine.abort();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    mine.abort();
  }, delai);
  try {
    const response = await fetch(address, {
      signal: mine.signal,
      credentials: "omit",
      referrerPolicy: "no-referrer",
      headers: { Accept: "application/json" },
    });
    if (response.status === 429) {
      const seconds = Number(response.headers.get("retry-after"));
      throw new SansReponse("limite", seconds > 0 ? seconds * 1000 : null);
    }
    return { status: response.status, body: await response.json() };
  } catch (error) {
    if (error instanceof SansReponse) throw error;
    if (signal.aborted) throw new DOMException("superseded", "AbortError");
    throw new SansReponse(late ? "delai_depasse" : "injoignable");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", follow);
  }
}

/** The answer to one identifier, whatever the verdict. */
export async function organisation(base, valeur, signal, delai) {
  const { body } = await lire(`${base}/v1/organisations/${encodeURIComponent(valeur)}`, signal, delai);
  // A proxy's error page, or no data in service yet: not a verdict.
  if (!RESULTATS.includes(body?.resultat)) throw new SansReponse("injoignable");
  return body;
}

/** A page of the open établissements of a unité légale; `suite` is the address of the next one. */
export async function etablissements(base, siren, suite, signal, delai) {
  const path = suite ?? `/v1/unites-legales/${encodeURIComponent(siren)}/etablissements?etat=A&limite=20`;
  const { status, body } = await lire(base + path, signal, delai);
  if (status !== 200 || !Array.isArray(body?.etablissements)) throw new SansReponse("injoignable");
  return body;
}

/** Whether a text may be looked for by name: letters, and not the beginning of a number. */
export function estNom(text) {
  const letters = text.match(/\p{L}/gu) ?? [];
  const digits = text.match(/\d/g) ?? [];
  return letters.length > 1 && digits.length < 8 && !/^\s*(W|FR)[\s.-]*\d/i.test(text);
}

/** Organisations whose name begins like this text. */
export async function suggestions(base, texte, signal, delai) {
  const { status, body } = await lire(`${base}/v1/suggestions?q=${encodeURIComponent(texte)}&nombre=8`, signal, delai);
  // A service without names to look in: what is typed is still a name.
  if (status !== 200 || !Array.isArray(body?.suggestions)) throw new SansReponse("injoignable");
  return body.suggestions;
}
