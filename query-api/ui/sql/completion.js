// What the editor offers while one types: the tables, views, columns and functions that /v1/sql/schema names, each
// with its meaning, the codes of a column inside a text, and the words of SQL.

import { contexte } from "./contexte.js";

const KEYWORDS =
  "SELECT|FROM|WHERE|GROUP BY|GROUP BY ALL|HAVING|ORDER BY|ORDER BY ALL|LIMIT|OFFSET|DISTINCT|DISTINCT ON|AS|AND|OR|NOT|IN|BETWEEN|LIKE|ILIKE|" +
  "IS NULL|IS NOT NULL|CASE|WHEN|THEN|ELSE|END|JOIN|LEFT JOIN|RIGHT JOIN|FULL JOIN|CROSS JOIN|SEMI JOIN|ANTI JOIN|USING|ON|UNION|UNION ALL|INTERSECT|" +
  "EXCEPT|WITH|EXISTS|CAST|TRY_CAST|INTERVAL|DATE|TIMESTAMP|VARCHAR|BIGINT|DOUBLE|BOOLEAN|TRUE|FALSE|NULL|ASC|DESC|NULLS FIRST|NULLS LAST|OVER|" +
  "PARTITION BY|QUALIFY|FILTER|USING SAMPLE|EXCLUDE|REPLACE|EXTRACT";
const keywords = KEYWORDS.split("|").map((label) => ({ label, type: "keyword", boost: -20 }));

/** A name as SQL has to be given it. */
export const sqlName = (name) => (/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

function explained(title, ...lines) {
  return () => {
    const box = document.createElement("div");
    const head = document.createElement("strong");
    head.textContent = title;
    box.append(head);
    for (const line of lines.filter(Boolean)) {
      const text = document.createElement("p");
      text.textContent = line;
      box.append(text);
    }
    return box;
  };
}

const tableOption = (table) => ({
  label: table.nom,
  type: table.vue ? "interface" : "class",
  detail: table.vue ? "vue" : "table",
  apply: sqlName(table.nom),
  info: explained(table.nom, table.description, `${table.colonnes.length} colonnes`),
  boost: 5,
});

const columnOption = (column, table, boost) => ({
  label: column.nom,
  type: "property",
  detail: column.type,
  apply: sqlName(column.nom),
  info: explained(`${table.nom}.${column.nom}`, column.description, column.codes ? "Codes : Ctrl+Espace entre des apostrophes." : ""),
  boost,
});

const functionOption = (one) => ({
  label: one.nom,
  type: "function",
  detail: one.genre,
  apply: (view, completion, from, to) => {
    const parenthesis = view.state.sliceDoc(to, to + 1) === "(" ? "" : "()";
    view.dispatch({
      changes: { from, to, insert: one.nom + parenthesis },
      selection: { anchor: from + one.nom.length + 1 },
      userEvent: "input.complete",
    });
  },
  info: one.description ? explained(`${one.nom}(…)`, one.description) : undefined,
  boost: -10,
});

const CODE = /^[^']*$/;
const SPAN = /^[\p{L}\p{N}_]*$/u;

/** The source of completions over `schema`: `{ tables: [{ nom, description, vue, colonnes }], fonctions }`. */
export function source(schema) {
  const byName = new Map(schema.tables.map((table) => [table.nom.toLowerCase(), table]));
  const everyTable = schema.tables.map(tableOption);
  const functions = schema.fonctions.map(functionOption);
  return (asked) => {
    const text = asked.state.doc.toString();
    const here = contexte(text, asked.pos);
    const named = here.tables
      .map(({ nom, alias }) => ({ alias: alias ?? nom, table: byName.get(nom.toLowerCase()) }))
      .filter(({ table }) => table);
    if (here.dans === "texte") return codes(here, named, schema, text, asked);
    if (here.dans !== "code") return null;
    if (here.apresPoint) {
      const parent = here.parent?.toLowerCase();
      const table = named.find(({ alias }) => alias.toLowerCase() === parent)?.table ?? byName.get(parent);
      return table ? { from: here.de, options: table.colonnes.map((column) => columnOption(column, table, 0)), validFor: SPAN } : null;
    }
    if (here.debut === "" && !asked.explicit && !here.attendTable) return null;
    const own = here.propres.map((label) => ({ label, type: "class", detail: "de la requête", boost: 6 }));
    if (here.attendTable) return { from: here.de, options: [...own, ...everyTable], validFor: SPAN };
    const columns = new Map();
    for (const { table } of named) for (const column of table.colonnes) if (!columns.has(column.nom)) columns.set(column.nom, columnOption(column, table, 10));
    const aliases = named.filter(({ alias, table }) => alias !== table.nom).map(({ alias, table }) => ({ label: alias, type: "variable", detail: table.nom, boost: 8 }));
    return { from: here.de, options: [...columns.values(), ...aliases, ...own, ...everyTable, ...functions, ...keywords], validFor: SPAN };
  };
}

/** Inside a text compared with a column of codes: these codes, with their label. */
function codes(here, named, schema, text, asked) {
  const compared = here.comparee?.toLowerCase();
  if (!compared) return null;
  const tables = named.length > 0 ? named.map(({ table }) => table) : schema.tables;
  const column = tables.flatMap((table) => table.colonnes).find(({ nom, codes: list }) => list && nom.toLowerCase() === compared);
  if (!column) return null;
  const from = text.lastIndexOf("'", asked.pos - 1) + 1;
  const close = text[asked.pos] === "'" ? "" : "'";
  const options = column.codes.map(([code, label], at) => ({ label: code, detail: label, type: "enum", apply: code + close, boost: -at / 1000 }));
  return { from, options, validFor: CODE };
}
