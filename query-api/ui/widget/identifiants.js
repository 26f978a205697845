// SIREN, SIRET, RNA et TVA : vérifier un numéro là où il est saisi, sans appel au serveur.
//
//   import { verdict } from "/widget/identifiants.js";
//   verdict("130 025 265 OOO13", "siret")
//   // { type: "siret", valeur: null, verdict: "format", code: "format_invalide", message: "…",
//   //   que_faire: "…", suggestion: "13002526500013" }
//
// Une suggestion se montre ; elle ne remplace jamais ce qui a été saisi. Un numéro valide est bien
// formé, clé juste : seul le répertoire dit s'il est attribué.
//
// Mêmes règles, mots et messages que schemas/src/identifiers : un test pose aux deux les mêmes
// questions.

const LONGEST = 200;
const SPACES = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200b\\u2028\\u2029\\u202f\\u205f\\u2060\\u3000\\ufeff";
const SEPARATORS = SPACES + "._/\\u2010-\\u2015-";
const SEPARATOR = new RegExp(`[${SEPARATORS}]`, "g");
const AROUND = new RegExp(`^[${SEPARATORS}]+|[${SEPARATORS}]+$`, "g");
const WRAPPING = new RegExp(`[${SEPARATORS}()[\\]<>"'’\`«»:;#=°º\\ufffd]`, "g");
const SCIENTIFIC = /^(\d)(?:[.,](\d*))?[Ee]\+?(\d{1,2})$/;

const KINDS = { siren: "SIREN", siret: "SIRET", nic: "NIC", rna: "RNA", tva: "de TVA" };
const LENGTHS = { siren: 9, siret: 14 };

const upper = (text) => text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
const compact = (text) => upper(text.replace(SEPARATOR, ""));
const trimmed = (text) => text.replace(AROUND, "");
const count = (text) => [...text].length;
const isTooLong = (text) => text.length > LONGEST && count(text.slice(0, 2 * LONGEST + 2)) > LONGEST;
const isVolumeFolio = (text) => /^\d{1,3}[-\u2010-\u2015]\d{1,4}$/.test(trimmed(text));
const firstNot = (pattern, text) => [...text].find((character) => !pattern.test(character));

function shown(character) {
  if (/[!-~¡-\xac®-ſ€]/.test(character)) return character;
  return "U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
}

function luhn(digits) {
  let sum = 0;
  for (let rank = 0; rank < digits.length; rank++) {
    const digit = digits[digits.length - 1 - rank] << rank % 2;
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

const isSiren = (digits) => /^\d{9}$/.test(digits) && luhn(digits);
const key = (siren) => String((12 + 3 * (siren % 97)) % 97).padStart(2, "0");

// Un numéro valide est { type, valeur } ; un autre { type, code, message, que_faire }.
const ok = (type, valeur) => ({ type, valeur });
const bad = (code) => (type, message, que_faire) => ({ type, code, message, que_faire });
const format = bad("format_invalide");
const wrongKey = bad("cle_invalide");

const OFFICIAL = "Recopiez le numéro depuis un document officiel (avis de situation SIRENE, extrait Kbis).";
const INVOICE = "Recopiez le numéro depuis une facture ou l'avis de situation SIRENE.";

const tooLong = () =>
  format(null, "Ce texte est trop long pour être un numéro : plus de 200 caractères.", "Saisissez un seul numéro.");
const empty = (kind) =>
  format(kind, `Aucun caractère saisi là où un numéro ${KINDS[kind]} est attendu.`, `Saisissez le numéro ${KINDS[kind]}.`);
const volumeFolio = () =>
  format(
    "alsace_moselle",
    "C'est un volume et un folio du registre des associations d'un tribunal d'Alsace-Moselle, non un numéro RNA : chaque tribunal a les siens.",
    "Saisissez le SIREN ou le SIRET de l'association : ils figurent sur son avis de situation SIRENE.",
  );
const tvaPrefix = () =>
  format("tva", "Un numéro de TVA français commence par FR.", "Saisissez FR, la clé de deux chiffres, puis le SIREN.");

function scientific(text) {
  const found = SCIENTIFIC.exec(trimmed(text));
  if (!found) return null;
  const decimals = found[2] ?? "";
  return { digits: decimals.length === Number(found[3]) ? found[1] + decimals : null };
}

function scientificFault(text, number) {
  const start = `« ${trimmed(text)} » est l'écriture scientifique d'un tableur`;
  return number.digits === null
    ? format(
        null,
        `${start} : les chiffres sont perdus.`,
        "Mettez la colonne du tableur en format texte, puis recopiez le numéro depuis sa source.",
      )
    : format(null, `${start}, non un numéro.`, "Mettez la colonne du tableur en format texte.");
}

function lengthAdvice(kind, found) {
  if (LENGTHS[kind] === found + 1)
    return "Il manque un chiffre : un tableur a sans doute effacé un zéro en tête. Reprenez le numéro à sa source, en format texte.";
  if (kind === "siret" && found === 9)
    return "Neuf chiffres forment un SIREN : cherchez l'unité légale, puis choisissez son établissement.";
  if (kind === "siren" && found === 14) return "Quatorze chiffres forment un SIRET : cherchez l'établissement.";
  return `Vérifiez le numéro ${KINDS[kind]} : il en faut ${LENGTHS[kind]} chiffres.`;
}

/** Les chiffres d'un SIREN ou d'un SIRET, ou pourquoi non. */
function digits(text, kind) {
  if (isTooLong(text)) return tooLong();
  const value = compact(text);
  if (!value) return empty(kind);
  const other = firstNot(/\d/, value);
  if (other !== undefined) {
    const number = scientific(text);
    return number
      ? scientificFault(text, number)
      : format(
          kind,
          `Un numéro ${KINDS[kind]} ne comporte que des chiffres : « ${shown(other)} » n'en est pas un.`,
          "Retirez les lettres et les signes : seuls les espaces, points et tirets sont ignorés.",
        );
  }
  return value.length === LENGTHS[kind]
    ? ok(kind, value)
    : format(
        kind,
        `Un numéro ${KINDS[kind]} comporte ${LENGTHS[kind]} chiffres : ${value.length} saisis.`,
        lengthAdvice(kind, value.length),
      );
}

const wrongLuhn = (kind) =>
  wrongKey(
    kind,
    `La clé de contrôle du numéro ${KINDS[kind]} est fausse : un chiffre est erroné ou deux chiffres sont intervertis.`,
    OFFICIAL,
  );

function siren(text) {
  const read = digits(text, "siren");
  return read.code || luhn(read.valeur) ? read : wrongLuhn("siren");
}

function siret(text) {
  const read = digits(text, "siret");
  if (read.code) return read;
  const start = read.valeur.slice(0, 9);
  // La Poste a plus d'établissements que la clé de Luhn n'en permet.
  if (start === "356000000") {
    const sum = [...read.valeur].reduce((total, digit) => total + Number(digit), 0);
    if (luhn(read.valeur) || sum % 5 === 0) return read;
    return wrongKey(
      "siret",
      "Ce numéro commence par le SIREN de La Poste, mais ne suit aucune de ses deux règles : clé de Luhn, ou somme des chiffres multiple de cinq.",
      OFFICIAL,
    );
  }
  if (!luhn(read.valeur)) return wrongLuhn("siret");
  if (luhn(start)) return read;
  return wrongKey("siret", `Les neuf premiers chiffres (${start}) ne forment pas un numéro SIREN valide.`, OFFICIAL);
}

function rna(text) {
  if (isTooLong(text)) return tooLong();
  const value = compact(text);
  if (!value) return empty("rna");
  const isImport = /^\d[\dA-Z]{2}[PS][\dA-Z]*\d{4}$/.test(value) && value.length <= 16;
  if (isImport || /^W\d[\dA-Z]\d{7}$/.test(value)) return ok("rna", value);
  if (isVolumeFolio(text)) return volumeFolio();
  return format(
    "rna",
    "Un numéro RNA comporte dix caractères : W, un chiffre, une lettre ou un chiffre, puis sept chiffres.",
    "Le numéro RNA figure sur le récépissé de déclaration, par exemple W751004076.",
  );
}

function tva(text) {
  if (isTooLong(text)) return tooLong();
  const value = compact(text);
  if (!value) return empty("tva");
  if (!value.startsWith("FR")) return tvaPrefix();
  const rest = value.slice(2);
  const misplaced = (character) =>
    format(
      "tva",
      `Un numéro de TVA comporte FR, une clé de deux chiffres et un SIREN : « ${shown(character)} » n'y a pas sa place.`,
      INVOICE,
    );
  const sign = firstNot(/[\dA-Z]/, rest);
  if (sign !== undefined) return misplaced(sign);
  if (rest.length !== 11)
    return format(
      "tva",
      `Un numéro de TVA comporte 11 chiffres après FR : ${rest.length} saisis.`,
      "Vérifiez le numéro de TVA : FR, deux chiffres de clé, puis les neuf chiffres du SIREN.",
    );
  const found = rest.slice(0, 2);
  const holder = rest.slice(2);
  const letter = firstNot(/\d/, holder);
  if (letter !== undefined) return misplaced(letter);
  if (!/^\d\d$/.test(found))
    return format(
      "tva",
      `La clé « ${found} » comporte une lettre : le format européen l'admet, mais celle d'un numéro fondé sur un SIREN est faite de deux chiffres.`,
      "Vérifiez la clé : un O ou un I y est peut-être un 0 ou un 1. À défaut, saisissez le SIREN.",
    );
  if (!luhn(holder))
    return wrongKey(
      "tva",
      `Les neuf derniers chiffres du numéro de TVA (${holder}) ne forment pas un numéro SIREN valide.`,
      INVOICE,
    );
  if (found === key(holder)) return ok("tva", value);
  return wrongKey(
    "tva",
    `La clé du numéro de TVA est fausse : ${key(holder)} est celle du SIREN ${holder}, ${found} est saisi.`,
    INVOICE,
  );
}

/** Un texte dont personne n'a dit ce qu'il est. */
function any(text) {
  if (isTooLong(text)) return tooLong();
  const value = compact(text);
  const characters = count(value);
  const figures = value.replace(/\D/g, "").length;
  if (!characters)
    return format(null, "Aucun numéro n'est saisi.", "Saisissez un SIRET, un SIREN, un numéro RNA ou un numéro de TVA.");
  if (isVolumeFolio(text)) return volumeFolio();
  if (figures * 2 <= characters)
    return format(
      null,
      "Ce texte n'a la forme d'aucun numéro connu (SIRET, SIREN, RNA, TVA).",
      "Saisissez un numéro, non un nom ni une adresse.",
    );
  if (value.startsWith("W")) return rna(value);
  if (value.startsWith("FR")) return tva(value);
  if (figures < characters) {
    const number = scientific(text);
    if (number) return scientificFault(text, number);
    const association = rna(value);
    if (!association.code) return association;
  }
  if (figures === 5 && characters === 5)
    return format(
      "nic",
      "Cinq chiffres forment un NIC, qui ne désigne un établissement qu'à la suite d'un SIREN.",
      "Saisissez les quatorze chiffres du SIRET : le SIREN, puis ce NIC.",
    );
  if (characters === 11 && !tva("FR" + value).code) return tvaPrefix();
  return asDigits(value).replace(/\D/g, "").length <= 10 ? siren(value) : siret(value);
}

const READERS = { siren, siret, rna, tva };

const asDigits = (text) =>
  text
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1")
    .replace(/[\uff10-\uff19]/g, (digit) => String(digit.charCodeAt(0) - 0xff10));

function exact(text) {
  const reader = { 9: siren, 13: tva, 14: siret }[text.length];
  const read = reader?.(text);
  return read && !read.code ? read : null;
}

function rewritings(text) {
  const value = compact(text);
  const texts = [value.startsWith("FR") ? "FR" + asDigits(value.slice(2)) : asDigits(value)];
  const unwrapped = upper(text.replace(WRAPPING, ""));
  texts.push(unwrapped, unwrapped.replace(/^(?:N?SIRE[TN]|TVA|NO|N)/, ""));
  texts.push(scientific(text)?.digits ?? "");
  texts.push(/^([^.,]*)[.,]0+$/.exec(trimmed(text))?.[1] ?? "");
  return texts;
}

function readings(text) {
  const found = [exact(text)];
  const length = text.length;
  if (/^\d+$/.test(text)) {
    if (length === 7 || length === 8) found.push(exact(text.padStart(9, "0")));
    if (length === 12 || length === 13) found.push(exact(text.padStart(14, "0")));
    if (length === 11) found.push(exact("FR" + text));
  }
  if (/^FR[\dA-Z]{11}$/.test(text) && isSiren(text.slice(4))) found.push(ok("tva", tvaDe(text.slice(4))));
  return found.filter(Boolean);
}

function asExpected({ type, valeur }, expected) {
  if (!expected || type === expected) return valeur;
  if (expected === "siren") return type === "tva" ? valeur.slice(4) : valeur.slice(0, 9);
  if (expected === "tva") return tvaDe(valeur.slice(0, 9));
  return null;
}

/** Le seul numéro que ce texte peut être, clé juste ; null s'il y en a plusieurs, ou aucun. */
function suggestion(text, expected) {
  if (isTooLong(text)) return null;
  const found = new Set(
    rewritings(text)
      .flatMap(readings)
      .map((read) => asExpected(read, expected)),
  );
  found.delete(null);
  return found.size === 1 ? [...found][0] : null;
}

const VALID = {
  rna: [
    "Numéro RNA bien formé ; il n'a pas de clé de contrôle.",
    "Cherchez-le dans le répertoire : la forme ne dit pas qu'il est attribué.",
  ],
  tva: [
    "Numéro de TVA bien formé : la clé est celle de son SIREN.",
    "Vérifiez qu'il est attribué : toute unité légale n'a pas de numéro de TVA.",
  ],
};

/** Ce qu'il faut dire d'un texte, là où `attendu` ("siren", "siret", "rna", "tva") ou n'importe quel
 * numéro est demandé. */
export function verdict(texte, attendu) {
  const text = String(texte ?? "");
  const expected = Object.hasOwn(READERS, attendu ?? "") ? attendu : null;
  const read = (READERS[expected] ?? any)(text);
  if (read.code)
    return {
      type: read.type,
      valeur: null,
      verdict: read.code === "cle_invalide" ? "cle_invalide" : "format",
      code: read.code,
      message: read.message,
      que_faire: read.que_faire,
      suggestion: suggestion(text, expected),
    };
  const [message, que_faire] = VALID[read.type] ?? [
    `Numéro ${KINDS[read.type]} bien formé, clé de contrôle juste.`,
    "Cherchez-le dans le répertoire : une clé juste ne dit pas qu'il est attribué.",
  ];
  return { ...read, verdict: "valide", code: null, message, que_faire, suggestion: null };
}

/** Le numéro de TVA d'un SIREN valide, ou null. */
export function tvaDe(texte) {
  const read = siren(String(texte ?? ""));
  return read.code ? null : "FR" + key(read.valeur) + read.valeur;
}

/** Comme on l'imprime, avec des espaces insécables : 130 025 265 00013, FR 07 130025265. */
export function affichage(valeur) {
  const text = String(valeur ?? "");
  if (/^FR[\x00-\x7f]{11}$/.test(text)) return `FR\xa0${text.slice(2, 4)}\xa0${text.slice(4)}`;
  if (!/^\d+$/.test(text)) return text;
  return [text.slice(0, 3), text.slice(3, 6), text.slice(6, 9), text.slice(9)].filter(Boolean).join("\xa0");
}
