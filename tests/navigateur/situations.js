// An identifier of each situation a form meets, found in the sample itself: nothing here knows a number
// that the generator could change.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { inflateRawSync } from "node:zlib";

/** The only file of a zip archive of the publishers', as text. */
async function unzipped(file) {
  const bytes = await readFile(file);
  const end = bytes.lastIndexOf(Buffer.from("PK\x05\x06"));
  const entry = bytes.readUInt32LE(end + 16);
  const compressed = bytes.readUInt32LE(entry + 20);
  const local = bytes.readUInt32LE(entry + 42);
  const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const content = bytes.subarray(from, from + compressed);
  return (bytes.readUInt16LE(entry + 10) === 0 ? content : inflateRawSync(content)).toString("utf8");
}

/** The first columns of an official file: they hold numbers, never a comma. */
async function column(data, file, name) {
  const text = await unzipped(path.join(data, "raw/sample/files", file));
  const [header, ...lines] = text.trimEnd().split(/\r?\n/);
  const rank = header.split(",").indexOf(name);
  return [...new Set(lines.map((line) => line.split(",")[rank].replaceAll('"', "")))];
}

async function answers(url, ids) {
  const response = await fetch(`${url}/v1/organisations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(ids),
  });
  return (await response.json()).reponses;
}

const isOpen = (answer) => answer.resultat === "trouve";

/** What to look for, in the answers to the SIRETs and SIRENs of the sample. */
const LOOKED_FOR = {
  // Has a legal person's name, a street, and its unit one other open établissement at least.
  siret: (answer) =>
    isOpen(answer) &&
    answer.identifiant.type === "siret" &&
    answer.organisation.nom_regle === "denomination" &&
    answer.organisation.adresse?.libelle_voie &&
    answer.organisation.adresse.code_postal,
  autre: (answer) => LOOKED_FOR.siret(answer) && answer.organisation.adresse.code_postal.startsWith("2"),
  successeur: (answer) => answer.code.startsWith("etablissement_ferme") && answer.organisation.succession?.siret_actuel,
  ferme: (answer) => answer.code === "etablissement_ferme_unite_cessee" && !answer.organisation.succession?.siret_actuel,
  diffusion_partielle: (answer) => answer.resultat === "diffusion_partielle",
  doublon: (answer) => answer.resultat === "doublon" && answer.siren_reference,
  unite: (answer) =>
    isOpen(answer) && answer.identifiant.type === "siren" && answer.organisation.nombre_etablissements.actifs > 25,
};

function luhn(digits) {
  const sum = [...digits].reverse().reduce((total, digit, rank) => {
    const doubled = Number(digit) << rank % 2;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

/** Well formed, and of nobody in the sample. */
function unknownSiren(known) {
  for (let number = 999_999_999; ; number--) {
    const siren = String(number);
    if (luhn(siren) && !known.has(siren)) return siren;
  }
}

/** The SIRENs of the units that have many établissements. */
function large(sirets) {
  const counts = new Map();
  for (const siret of sirets) counts.set(siret.slice(0, 9), (counts.get(siret.slice(0, 9)) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 25).map(([siren]) => siren);
}

/** { siret, autre, successeur, …: the API's whole answer }, and { inconnu, invalide: a number }. */
export async function situations({ url, data }) {
  const sirets = await column(data, "StockEtablissement_utf8.zip", "siret");
  const sirens = await column(data, "StockUniteLegale_utf8.zip", "siren");
  const doublons = await column(data, "StockDoublons_utf8.zip", "sirenDoublon");
  const ids = [...doublons, ...large(sirets), ...sirets];
  const found = {};
  for (let from = 0; from < ids.length; from += 1000) {
    for (const answer of await answers(url, ids.slice(from, from + 1000)))
      for (const [name, is] of Object.entries(LOOKED_FOR)) if (!found[name] && is(answer)) found[name] = answer;
    if (Object.keys(LOOKED_FOR).every((name) => found[name])) break;
  }
  const missing = Object.keys(LOOKED_FOR).filter((name) => !found[name]);
  if (missing.length) throw new Error(`the sample has none of: ${missing.join(", ")}`);
  const right = found.siret.demande;
  return {
    ...found,
    inconnu: unknownSiren(new Set(sirens)),
    // The key is the last digit.
    invalide: right.slice(0, 13) + ((Number(right[13]) + 1) % 10),
    // A letter O for a zero: exactly one number can have been meant.
    faute: right.replace("0", "O"),
  };
}
