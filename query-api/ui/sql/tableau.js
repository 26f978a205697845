// The rows as a table, a page at a time: a hundred rows are drawn, whatever was received.

import { entier } from "./nombres.js";

const PAGE = 100;
/** Characters of a value that are shown; the whole of it is in what is copied and downloaded. */
const LONG = 300;

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL|FLOAT|DOUBLE|REAL|NUMERIC)/i;
const TEMPORAL = /^(DATE|TIME)/i;

export const estNombre = (type) => NUMERIC.test(type) && !/\[\]$/.test(type);
export const estDate = (type) => TEMPORAL.test(type);

const IDENTIFIER = { siren: /^\d{9}$/, siret: /^\d{14}$/, rna: /^W[0-9A-Z]{9}$/ };

/** Where an identifier leads: the page of what it names. */
function linkOf(name, value) {
  if (typeof value !== "string") return null;
  const lower = name.toLowerCase();
  const is = (kind) => IDENTIFIER[kind].test(value);
  const leads = (lower.includes("siret") && is("siret")) || (lower.includes("siren") && is("siren")) || ((lower === "id" || lower.includes("rna")) && is("rna"));
  return leads ? `/?id=${encodeURIComponent(value)}` : null;
}

/** A value as text: dates as they come (ISO), lists and structures in JSON. */
export function texte(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function compare(numeric) {
  const collator = new Intl.Collator("fr", { numeric: true });
  // Nulls last, whatever the order.
  return (a, b) => {
    if (a === null || b === null) return a === b ? 0 : a === null ? 2 : -2;
    if (numeric) return Math.sign(Number(a) - Number(b));
    return collator.compare(texte(a), texte(b));
  };
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** The table of `place`; `result` is `{ colonnes: [{ nom, type }], lignes }`, which may still grow. */
export function tableau(place) {
  let result = { colonnes: [], lignes: [] };
  let order = null;
  let sorted = null;
  let page = 0;
  const caption = element("caption");
  const head = element("thead");
  const body = element("tbody");
  const table = element("table", {}, caption, head, body);
  const scroll = element("div", { className: "defile", tabIndex: 0 });
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "Résultat, qui défile");
  scroll.append(table);
  const before = element("button", { type: "button", className: "second", textContent: "Précédentes" });
  const after = element("button", { type: "button", className: "second", textContent: "Suivantes" });
  const where = element("span", { className: "ou" });
  where.setAttribute("role", "status");
  const pages = element("div", { className: "pages" }, before, where, after);
  place.replaceChildren(scroll, pages);
  before.addEventListener("click", () => turn(page - 1));
  after.addEventListener("click", () => turn(page + 1));

  function turn(to) {
    page = to;
    draw();
    scroll.scrollTop = 0;
  }

  function cell(value, { nom, type }) {
    const td = element("td");
    if (estNombre(type)) td.className = "nombre";
    if (value === null || value === undefined) {
      td.append(element("span", { className: "nul", textContent: "null" }));
    } else if (value === "") {
      td.append(element("span", { className: "nul", textContent: "(texte vide)" }));
    } else {
      const whole = texte(value);
      const shown = whole.length > LONG ? `${whole.slice(0, LONG)}…` : whole;
      const link = linkOf(nom, value);
      td.append(link ? element("a", { href: link, textContent: shown }) : shown);
    }
    return td;
  }

  function rows() {
    if (!order) return result.lignes;
    if (sorted?.length !== result.lignes.length) {
      const { column, descending } = order;
      const by = compare(estNombre(result.colonnes[column].type));
      sorted = result.lignes.toSorted((a, b) => {
        const found = by(a[column] ?? null, b[column] ?? null);
        return Math.abs(found) === 2 ? found : descending ? -found : found;
      });
    }
    return sorted;
  }

  function draw() {
    const all = rows();
    const last = Math.max(0, Math.ceil(all.length / PAGE) - 1);
    page = Math.min(Math.max(page, 0), last);
    const from = page * PAGE;
    const shown = all.slice(from, from + PAGE);
    body.replaceChildren(
      ...shown.map((row) => element("tr", {}, ...result.colonnes.map((column, at) => cell(row[at], column)))),
    );
    pages.hidden = all.length <= PAGE;
    before.disabled = page === 0;
    after.disabled = page === last;
    where.textContent = all.length > PAGE ? `Lignes ${entier(from + 1)} à ${entier(from + shown.length)} sur ${entier(all.length)}` : "";
  }

  function heads() {
    const cells = result.colonnes.map(({ nom, type }, column) => {
      const mine = order?.column === column;
      const button = element("button", { type: "button", className: "tri" }, nom);
      button.append(element("span", { className: "type", textContent: type.toLowerCase() }));
      const th = element("th", { scope: "col", className: estNombre(type) ? "nombre" : "" }, button);
      th.setAttribute("aria-sort", mine ? (order.descending ? "descending" : "ascending") : "none");
      button.title = "Trier les lignes reçues";
      button.addEventListener("click", () => {
        order = mine ? (order.descending ? null : { column, descending: true }) : { column, descending: false };
        sorted = null;
        page = 0;
        heads();
        draw();
        head.querySelectorAll("button")[column].focus();
      });
      return th;
    });
    head.replaceChildren(element("tr", {}, ...cells));
  }

  return {
    /** A new result, empty yet or not. */
    montrer(next, title) {
      result = next;
      order = sorted = null;
      page = 0;
      caption.textContent = title;
      heads();
      draw();
    },
    /** Rows have come; what is shown changes only when it is not full yet. */
    grandir() {
      sorted = null;
      if (result.lignes.length <= PAGE || body.rows.length < PAGE || order) draw();
      else {
        pages.hidden = false;
        const last = Math.ceil(result.lignes.length / PAGE) - 1;
        after.disabled = page === last;
        where.textContent = `Lignes ${entier(page * PAGE + 1)} à ${entier(page * PAGE + body.rows.length)} sur ${entier(result.lignes.length)}`;
      }
    },
    legende(title) {
      caption.textContent = title;
    },
    /** Everything that was received, as a spreadsheet takes it. */
    tsv() {
      const flat = (value) => texte(value).replaceAll(/[\t\r\n]+/g, " ");
      return [result.colonnes.map(({ nom }) => flat(nom)), ...rows().map((row) => row.map(flat))].map((row) => row.join("\t")).join("\n");
    },
  };
}
