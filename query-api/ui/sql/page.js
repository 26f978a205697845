// The SQL page: the editor in the place of the text area, and the answer shown as it comes. Without this file the form
// still asks, and the server answers with the first rows.

import { contexte } from "./contexte.js";
import { source, sqlName } from "./completion.js";
import { editeur } from "./editeur.js";
import { EXTRAITS } from "./extraits.js";
import { graphique } from "./graphique.js";
import { historique } from "./historique.js";
import { adresse, lue } from "./lien.js";
import { date, duree, entier, lignes as countOf, taille } from "./nombres.js";
import { Refus, codes, executer, schema } from "./service.js";
import { tableau } from "./tableau.js";

/** What the page keeps of a result: enough to look at, not so much that the browser freezes. */
const MOST_ROWS = 50_000;
const MOST_BYTES = 64 << 20;
/** Characters of a query that came in an address. */
const MOST_TEXT = 1 << 20;

const by = (id) => document.getElementById(id);
const form = by("requete");
const area = by("q");
const zone = by("zone");
const answer = by("reponse");
const run = by("executer");
const cancel = by("annuler");
let running = null;
let last = null;
let mirrored = new Set();

function announce(text) {
  by("annonce").textContent = "";
  // A change in the same tick as the clearing would not be read again.
  setTimeout(() => { by("annonce").textContent = text; }, 50);
}

const editor = editeur({
  host: by("editeur"),
  area,
  run: () => form.requestSubmit(run),
  help: "Contrôle et Entrée exécute. Contrôle et Espace propose des noms. Échap puis Tab quitte l'éditeur.",
});
const table = tableau(by("tableau"));
const chart = graphique({ place: by("graphique"), note: by("graphique-note"), genre: by("genre"), x: by("axe-x"), y: by("axe-y") });
const past = historique({ place: by("historique"), vide: by("historique-vide"), effacer: by("historique-effacer"), choose: write });

/** Puts a query in the editor, where one may still undo it. */
function write(q) {
  editor.texte = q;
  answer.replaceChildren();
  editor.focus();
}

const examples = [...document.querySelectorAll("[data-requete]")];
const same = (a, b) => a.replaceAll("\r\n", "\n").trim() === b.replaceAll("\r\n", "\n").trim();

function markExample() {
  for (const example of examples) {
    if (same(example.dataset.requete, editor.texte)) example.setAttribute("aria-current", "true");
    else example.removeAttribute("aria-current");
  }
}

for (const example of examples) {
  example.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    write(example.dataset.requete);
    ask();
  });
}

// --- Asking ------------------------------------------------------------------------------------------------------

function busy(yes) {
  cancel.hidden = !yes;
  run.disabled = yes;
  run.textContent = yes ? "Calcul en cours…" : "Exécuter";
  zone.setAttribute("aria-busy", String(yes));
}

function measures({ nombre, premiere, duree: total, octets, donnees, tronque }) {
  const place = by("mesures");
  const count = document.createElement("strong");
  count.textContent = tronque ? `${countOf(nombre)} reçues` : countOf(nombre);
  const parts = [` en ${duree(total)}`];
  if (premiere !== null && total - premiere > 20) parts.push(`les premières en ${duree(premiere)}`);
  parts.push(taille(octets));
  const dates = [donnees?.sirene && `SIRENE du ${date(donnees.sirene)}`, donnees?.rna && `RNA du ${date(donnees.rna)}`].filter(Boolean);
  if (dates.length > 0) parts.push(dates.join(", "));
  if (donnees?.snapshot) parts.push(`instantané ${donnees.snapshot}`);
  place.replaceChildren(count, parts.join(" · "));
}

async function ask() {
  const q = editor.texte;
  if (q.trim() === "") {
    showRefusal(new Refus({ titre: "Aucune requête", detail: "L'éditeur est vide.", que_faire: "Écrivez une requête SELECT, ou choisissez un exemple." }), q);
    return;
  }
  running?.abort("replaced");
  const mine = new AbortController();
  running = mine;
  busy(true);
  editor.effacerFaute();
  answer.replaceChildren();
  by("tronque").hidden = true;
  by("mesures").textContent = "Calcul en cours…";
  announce("Requête en cours");
  markExample();
  const result = { colonnes: [], lignes: [] };
  const stop = new Promise((_, reject) => { mine.signal.addEventListener("abort", () => reject(mine.signal.reason)); });
  stop.catch(() => {});
  try {
    const asked = executer(q, {
      signal: mine.signal,
      most: MOST_ROWS,
      bytes: MOST_BYTES,
      report: {
        colonnes(columns) {
          result.colonnes = columns;
          last = { q, result };
          zone.hidden = false;
          show("tableau");
          table.montrer(result, "Résultat de la requête, en cours");
        },
        lignes(rows) {
          for (const row of rows) result.lignes.push(row);
          table.grandir();
        },
      },
    });
    const end = await Promise.race([asked, stop]);
    finish(q, end);
  } catch (error) {
    if (mine.signal.reason === "replaced") return;
    if (mine.signal.aborted) cancelled(result);
    else showRefusal(error, q);
  } finally {
    if (running === mine) {
      running = null;
      busy(false);
    }
  }
}

function finish(q, end) {
  measures(end);
  table.legende(`Résultat de la requête : ${countOf(end.nombre)}`);
  const note = by("tronque");
  note.hidden = !end.tronque;
  if (end.tronque) note.textContent = `Cette page garde les ${entier(end.nombre)} premières lignes ; le téléchargement les a toutes.`;
  by("voir-graphique").disabled = !chart.montrer(last.result);
  by("voir-graphique").title = by("voir-graphique").disabled ? "Un graphique demande une colonne de nombres" : "";
  by("sortie").hidden = false;
  by("telecharger").elements.q.value = q;
  showSnippet();
  past.ajouter(q);
  announce(`${countOf(end.nombre)} en ${duree(end.duree)}${end.tronque ? ", les suivantes au téléchargement" : ""}`);
  bring(zone);
  adresse(q).then((url) => history.replaceState(null, "", url));
}

/** Scrolls to what came when nothing of it can be seen. */
function bring(element) {
  const { top } = element.getBoundingClientRect();
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (top > innerHeight - 120) element.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
}

function cancelled(result) {
  by("mesures").textContent = `Requête annulée${result.lignes.length > 0 ? ` après ${countOf(result.lignes.length)}` : ""}.`;
  if (result.colonnes.length === 0) zone.hidden = true;
  const box = document.createElement("p");
  box.className = "avis";
  box.textContent = "Requête annulée : le serveur a cessé de la calculer.";
  answer.replaceChildren(box);
  announce("Requête annulée");
  editor.focus();
}

function showRefusal(error, q) {
  const refused = error instanceof Refus ? error : new Refus({ titre: "Le serveur ne répond pas", detail: "Vérifiez votre connexion, puis réessayez." });
  const box = document.createElement("section");
  box.className = "alerte";
  box.setAttribute("role", "alert");
  const title = document.createElement("h2");
  title.textContent = refused.titre || "La requête n'a pas abouti";
  const detail = document.createElement("pre");
  detail.textContent = refused.message;
  const advice = document.createElement("p");
  advice.textContent = refused.conseil;
  box.append(title, detail, advice);
  const place = offset(q, refused.ligne, refused.colonne);
  if (place !== null) {
    const word = /^(?:[\p{L}\p{N}_]+|.)/u.exec(q.slice(place))?.[0].length ?? 1;
    editor.souligner(place, place + word);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "second";
    button.textContent = "Aller à l'erreur";
    button.addEventListener("click", () => editor.aller(place));
    box.append(button);
  }
  if (refused.code) {
    const code = document.createElement("p");
    code.className = "aide";
    const link = document.createElement("a");
    link.href = `/docs#erreur-${refused.code}`;
    link.textContent = refused.code;
    code.append("Code de l'erreur : ", refused.code === "reponse_interrompue" ? refused.code : link, ".");
    box.append(code);
  }
  answer.replaceChildren(box);
  if (!last || last.result.lignes.length === 0) zone.hidden = true;
  else by("mesures").textContent = "Le résultat ci-dessous est incomplet, ou d'une requête précédente.";
  bring(box);
}

/** A line and a place in it, from 1, as a place in the text. */
function offset(text, line, column) {
  if (!line) return null;
  const lines = text.split("\n");
  if (line > lines.length) return null;
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const letters = [...lines[line - 1]].slice(0, Math.max(0, (column ?? 1) - 1)).join("");
  return Math.min(before + letters.length, text.length);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
cancel.addEventListener("click", () => running?.abort("cancelled"));

// --- Showing -----------------------------------------------------------------------------------------------------

function show(view) {
  by("voir-tableau").setAttribute("aria-pressed", String(view === "tableau"));
  by("voir-graphique").setAttribute("aria-pressed", String(view === "graphique"));
  by("tableau").hidden = view !== "tableau";
  by("cadre-graphique").hidden = view !== "graphique";
}
by("voir-tableau").addEventListener("click", () => show("tableau"));
by("voir-graphique").addEventListener("click", () => show("graphique"));

async function copy(button, text) {
  const name = button.dataset.nom ?? (button.dataset.nom = button.textContent);
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copié";
    announce("Copié");
  } catch {
    button.textContent = "Copie refusée par le navigateur";
  }
  setTimeout(() => { button.textContent = name; }, 2000);
}
by("copier-tsv").addEventListener("click", () => copy(by("copier-tsv"), table.tsv()));
by("copier-extrait").addEventListener("click", () => copy(by("copier-extrait"), by("extrait").textContent));
by("partager").addEventListener("click", async () => {
  const url = await adresse(editor.texte);
  history.replaceState(null, "", url);
  await copy(by("partager"), url);
});

const languages = EXTRAITS.map((snippet, at) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "vue";
  button.textContent = snippet.nom;
  button.setAttribute("aria-pressed", String(at === 0));
  button.addEventListener("click", () => {
    for (const other of languages) other.setAttribute("aria-pressed", String(other === button));
    showSnippet();
  });
  return button;
});
by("langages").append(...languages);

function showSnippet() {
  const chosen = EXTRAITS[languages.findIndex((button) => button.getAttribute("aria-pressed") === "true")];
  const q = last.q.trim().replace(/;\s*$/, "");
  const { tables, propres } = contexte(q, q.length);
  const named = [...new Set(tables.map(({ nom }) => nom))];
  by("extrait").textContent = chosen.texte(q, { url: location.origin, tables: named, propres, publiees: mirrored });
}

// --- What one may ask ---------------------------------------------------------------------------------------------

function showTables(tables) {
  by("tables").replaceChildren(
    ...tables.map((one) => {
      const details = document.createElement("details");
      const summary = document.createElement("summary");
      summary.textContent = one.nom;
      const what = document.createElement("span");
      what.className = "quoi";
      what.textContent = `${one.vue ? "Vue. " : ""}${one.description}${one.lignes ? `. ${countOf(one.lignes)}` : ""}`;
      details.append(summary, what);
      // Two hundred columns: only those that one opens.
      details.addEventListener("toggle", () => {
        const list = document.createElement("ul");
        for (const column of one.colonnes) {
          const item = document.createElement("li");
          const button = document.createElement("button");
          button.type = "button";
          button.className = "lien";
          button.textContent = column.nom;
          button.title = "Écrire ce nom dans la requête";
          button.addEventListener("click", () => editor.inserer(sqlName(column.nom)));
          const meaning = document.createElement("span");
          meaning.className = "quoi";
          meaning.textContent = `${column.type.toLowerCase()} · ${column.description}`;
          item.append(button, meaning);
          list.append(item);
        }
        details.append(list);
      }, { once: true });
      return details;
    }),
  );
}

async function learn() {
  const [said, lists] = await Promise.all([schema(), codes()]);
  const tables = said.tables.map((one) => ({
    ...one,
    vue: one.nature === "vue",
    colonnes: one.colonnes.map((column) => {
      const list = lists.colonnes[one.nature === "vue" ? column.nom : `${one.nom}.${column.nom}`];
      return { ...column, codes: lists.listes[list] };
    }),
  }));
  mirrored = new Set(tables.filter(({ vue }) => !vue).map(({ nom }) => nom));
  const functions = [...said.fonctions, ...said.fonctions_de_table].filter((name) => /^[a-z_][a-z0-9_]*$/i.test(name));
  editor.propose(source({ tables, fonctions: [...new Set(functions)].map((nom) => ({ nom, genre: "fonction" })) }));
  showTables(tables);
}

async function begin() {
  for (const element of document.querySelectorAll(".avec-script")) element.hidden = false;
  by("partager").hidden = false;
  by("passees").hidden = false;
  const packed = await lue(MOST_TEXT);
  if (packed) editor.texte = packed;
  markExample();
  learn().catch(() => { /* The editor works without its completions; running says what is wrong. */ });
  // A query that someone else wrote waits for a hand; an example of ours does not.
  const asked = packed ?? (/[?&](q|exemple)=/.test(location.search) ? editor.texte : "");
  if (asked === "" || answer.childElementCount > 0) return;
  if (examples.some((example) => same(example.dataset.requete, asked))) ask();
  else announce("Requête du lien prête : Contrôle et Entrée l'exécute");
}
begin();
