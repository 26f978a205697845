// What is shown of an answer. Everything is put in as text: no value is ever read as HTML.

import { affichage } from "./identifiants.js";

/** An element, its attributes and what it holds. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(attribute, "");
    else if (value !== false && value != null) made.setAttribute(attribute, value);
  }
  made.append(...children.filter((child) => child != null && child !== false));
  return made;
}

const NON_VERIFIE = {
  injoignable: "Le service de vérification ne répond pas : ce numéro n'a pas été vérifié.",
  delai_depasse: "Le service de vérification met trop de temps à répondre : ce numéro n'a pas été vérifié.",
  limite: "Trop de vérifications ont été demandées depuis votre réseau : ce numéro n'a pas été vérifié.",
};

/** Shaped as the service's own answers, for what was decided here. */
export function reponse(demande, resultat, said) {
  const { code, message, que_faire, suggestion = null, identifiant = null } = said;
  return {
    demande,
    identifiant,
    resultat,
    code,
    message,
    que_faire,
    suggestion,
    siren_reference: null,
    siret_siege: null,
    organisation: null,
    donnees: null,
  };
}

/** Nobody could say: the applicant goes on. */
export function nonVerifie(demande, { type, valeur }, code) {
  return reponse(demande, "non_verifie", {
    code,
    message: NON_VERIFIE[code] ?? NON_VERIFIE.injoignable,
    que_faire: "Vous pouvez continuer et remplir vous-même les champs suivants. La vérification sera retentée d'elle-même.",
    identifiant: { type, valeur, affichage: affichage(valeur) },
  });
}

const JUSTIFICATIF = "un justificatif à jour (extrait Kbis, avis de situation SIRENE)";

function siFerme({ code, siret_siege, organisation }) {
  const last = organisation?.succession?.siret_actuel;
  if (last) return `Si votre organisation est maintenant celle du SIRET ${last}, utilisez-le. Sinon, saisissez le numéro d'un établissement ouvert.`;
  if (siret_siege) return `Saisissez le SIRET d'un établissement ouvert de la même organisation, par exemple son siège, ${siret_siege}.`;
  if (code === "association_reprise") return "Saisissez son nouveau numéro RNA : il figure sur le récépissé de déclaration.";
  return "Saisissez le numéro d'une organisation en activité : celle-ci ne l'est plus.";
}

// What the service says to do of these is said to whoever receives the form ("Montrez à la personne…",
// "Demandez-lui…"): here the applicant reads it. The rest is said as it comes.
const AU_DEMANDEUR = {
  trouve: () => "Vérifiez que c'est bien votre organisation. Sinon, corrigez le numéro.",
  ferme: siFerme,
  diffusion_partielle: () =>
    `Indiquez vous-même le nom et l'adresse, et joignez ${JUSTIFICATIF} : les données ouvertes ne les donnent pas.`,
};

export const queFaire = (answer) => AU_DEMANDEUR[answer.resultat]?.(answer) ?? answer.que_faire;

/** What replaces the number asked, the likeliest first: { valeur, titre, detail }. */
export function propositions(answer) {
  const { organisation } = answer;
  const chain = organisation?.succession;
  const last = chain?.successeurs?.find((one) => one.siret === chain.siret_actuel);
  const rnaRepris = answer.code === "rna_repris" && organisation?.rna;
  const found = [
    answer.suggestion && { valeur: answer.suggestion, detail: "le numéro que vous vouliez sans doute saisir" },
    chain?.siret_actuel && { valeur: chain.siret_actuel, titre: last?.nom, detail: "en a pris la suite" },
    rnaRepris && { valeur: rnaRepris, titre: organisation.nom, detail: "le numéro qui remplace celui-ci" },
    answer.code === "siren_doublon" && { valeur: answer.siren_reference, titre: organisation?.nom, detail: "le SIREN de référence" },
    answer.siret_siege && { valeur: answer.siret_siege, titre: organisation?.nom, detail: "le siège" },
    answer.siren_reference && { valeur: answer.siren_reference, titre: organisation?.nom, detail: "le SIREN de référence" },
  ];
  const seen = new Set([answer.identifiant?.valeur]);
  return found.filter((one) => one?.valeur && !seen.has(one.valeur) && seen.add(one.valeur));
}

const shown = (text) => (text && text !== "[ND]" ? text : "");

/** An établissement of a list, to choose. */
export function choix(row) {
  const street = [row.numero_voie, row.indice_repetition, row.type_voie, row.libelle_voie].map(shown).filter(Boolean).join(" ");
  const town = [shown(row.code_postal), shown(row.libelle_commune)].filter(Boolean).join(" ");
  const name = shown(row.enseigne_1) || shown(row.denomination_usuelle);
  return {
    valeur: row.siret,
    titre: name || (row.etablissement_siege ? "Siège" : "Établissement"),
    detail: [row.etablissement_siege && name ? "siège" : "", street, town].filter(Boolean).join(", "),
  };
}

/** An organisation of the suggestions, to choose. */
export function proposition({ siren, rna, nom, complement, commune, code_postal, activite, actif, url }) {
  return {
    valeur: siren ?? rna,
    titre: nom,
    detail: [complement, [code_postal, commune].filter(Boolean).join(" "), activite, actif ? "" : "cessée"].filter(Boolean).join(", "),
    url,
  };
}

const TONS = {
  trouve: "succes",
  ferme: "attention",
  doublon: "attention",
  diffusion_partielle: "attention",
  inconnu: "attention",
  invalide: "erreur",
  non_verifie: "info",
};

const TITRES = {
  trouve: "Organisation trouvée",
  ferme: "Organisation fermée",
  doublon: "Numéro remplacé",
  diffusion_partielle: "Organisation trouvée, en diffusion partielle",
  inconnu: "Numéro inconnu",
  invalide: "Numéro incorrect",
  non_verifie: "Numéro non vérifié",
};

const titre = ({ resultat, code }) => (code.startsWith("etablissement_ferme") ? "Établissement fermé" : TITRES[resultat]);

/** The verdict, and what to do. */
export function message(answer) {
  return element(
    "div",
    { class: `registre-message registre-${TONS[answer.resultat]}` },
    // In words too: a colour says nothing to whoever does not see it.
    element("p", { class: "registre-titre" }, titre(answer)),
    element("p", {}, answer.message),
    element("p", {}, queFaire(answer)),
  );
}

const badge = (text, tone) => element("span", { class: `registre-badge registre-${tone}` }, text);

function nature({ identifiant, organisation }) {
  if (identifiant?.type === "rna") return "Association";
  if (organisation.etablissement && identifiant?.type === "siret")
    return organisation.est_siege ? "Siège" : "Établissement secondaire";
  return "Unité légale";
}

function etat({ code, identifiant, organisation }) {
  if (code === "association_dissoute") return badge("Dissoute", "attention");
  if (identifiant?.type === "rna") return organisation.est_ferme ? badge("Fermée", "attention") : badge("Active", "succes");
  const of = identifiant?.type === "siret" ? organisation.etablissement : organisation.unite_legale;
  const text = of?.etat?.libelle ?? (organisation.est_ferme ? "Fermé" : "Actif");
  return badge(text, organisation.est_ferme ? "attention" : "succes");
}

/** The organisation, or null when the answer shows none. `base` is where its full page is. */
export function fiche(answer, base) {
  const { organisation } = answer;
  if (!organisation) return null;
  const { siret, siren, rna } = organisation;
  const asked = answer.identifiant?.type;
  const numbers = [
    rna && asked === "rna" && `RNA ${rna}`,
    siret && asked === "siret" ? `SIRET ${affichage(siret)}` : siren && `SIREN ${affichage(siren)}`,
    siret && asked !== "siret" && `${organisation.est_siege ? "siège" : "établissement"} ${affichage(siret)}`,
    rna && asked !== "rna" && `RNA ${rna}`,
  ].filter(Boolean);
  const name = organisation.nom || "Identité masquée (diffusion partielle)";
  const lines = organisation.adresse?.lignes ?? [];
  // What is shown of a doublon is the organisation that it refers to.
  const page = answer.resultat === "doublon" ? (siret ?? siren ?? rna) : answer.identifiant.valeur;
  const sigle = organisation.nom_parts?.sigle;
  return element(
    "div",
    { class: "registre-fiche", role: "group", "aria-label": `Fiche : ${name}` },
    element("p", { class: "registre-nature" }, nature(answer), " ", etat(answer)),
    element("p", { class: "registre-nom" }, name, sigle && sigle !== name ? ` (${sigle})` : null),
    element("p", { class: "registre-numero" }, numbers.join(" · ")),
    lines.length > 0 && element("p", { class: "registre-adresse" }, ...lines.flatMap((line, rank) => (rank ? [element("br"), line] : [line]))),
    element(
      "p",
      { class: "registre-lien" },
      element(
        "a",
        { href: `${base}/?id=${encodeURIComponent(page)}`, target: "_blank", rel: "noopener noreferrer" },
        "Voir la fiche complète",
        element("span", { class: "registre-invisible" }, ` de ${name} (nouvelle fenêtre)`),
      ),
    ),
  );
}
