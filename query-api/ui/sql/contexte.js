// What is being written at a place of a query: enough of SQL to know which tables are meant. It depends on
// nothing, and is asked again at each key pressed.

const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;

/** Words that end a list of tables, or that cannot be the other name of one. */
const NOT_A_NAME = new Set(
  ("where group having order union intersect except limit offset window qualify on using join inner left right full " +
    "cross natural semi anti asof positional as select sample tablesample and or set values with").split(" "),
);

/** The pieces of `text`: words, quoted names, texts, comments, signs, each with its place. */
export function pieces(text) {
  const found = [];
  let at = 0;
  // To the end of what `end` closes, or to the end of the text when nothing does.
  const until = (end, from) => {
    const place = text.indexOf(end, from);
    return place < 0 ? [text.length, false] : [place + end.length, true];
  };
  const quoted = (sign, from) => {
    for (let place = from; place < text.length; place++) {
      if (text[place] !== sign) continue;
      if (text[place + 1] === sign) place++;
      else return [place + 1, true];
    }
    return [text.length, false];
  };
  while (at < text.length) {
    const from = at;
    let kind = "signe";
    let closed = true;
    if (text.startsWith("--", at)) {
      [at, closed] = until("\n", at);
      kind = "commentaire";
    } else if (text.startsWith("/*", at)) {
      [at, closed] = until("*/", at + 2);
      kind = "commentaire";
    } else if (text[at] === "'") {
      [at, closed] = quoted("'", at + 1);
      kind = "texte";
    } else if (text[at] === '"') {
      [at, closed] = quoted('"', at + 1);
      kind = "nom";
    } else if (/\s/.test(text[at])) {
      at++;
      continue;
    } else if (/[0-9]/.test(text[at])) {
      at += /^[0-9][0-9a-zA-Z_.]*/.exec(text.slice(at, at + 64))[0].length;
      kind = "nombre";
    } else {
      WORD.lastIndex = at;
      const word = WORD.exec(text);
      at += word ? word[0].length : 1;
      if (word) kind = "mot";
    }
    found.push({ kind, from, to: at, closed, text: text.slice(from, at) });
  }
  return found;
}

const nameOf = (piece) => (piece.kind === "nom" ? piece.text.slice(1, -1).replaceAll('""', '"') : piece.text);
const isName = (piece) => piece && (piece.kind === "mot" || piece.kind === "nom");
const isWord = (piece, word) => piece?.kind === "mot" && piece.text.toLowerCase() === word;

/** The tables that a statement names after FROM or JOIN, with the name it gives them, and its own tables (WITH). */
function tablesOf(code) {
  const tables = [];
  const own = [];
  // Per parenthesis that is open: whether a list of tables is being read there.
  const lists = [false];
  for (let at = 0; at < code.length; at++) {
    const piece = code[at];
    const word = piece.kind === "mot" ? piece.text.toLowerCase() : "";
    if (piece.text === "(") lists.push(false);
    else if (piece.text === ")") lists.length > 1 && lists.pop();
    if (isName(piece) && isWord(code[at + 1], "as") && code[at + 2]?.text === "(") own.push(nameOf(piece));
    const inList = lists[lists.length - 1];
    if (word === "from" || word === "join" || (inList && piece.text === ",")) {
      lists[lists.length - 1] = true;
      const named = code[at + 1];
      if (!isName(named) || code[at + 2]?.text === "(") continue;
      let next = at + 2;
      if (isWord(code[next], "as")) next++;
      const other = code[next];
      const alias = isName(other) && !(other.kind === "mot" && NOT_A_NAME.has(other.text.toLowerCase())) ? nameOf(other) : null;
      tables.push({ nom: nameOf(named), alias });
    } else if (word && NOT_A_NAME.has(word) && !["as", "on", "using", "and", "or"].includes(word)) {
      lists[lists.length - 1] = /^(inner|left|right|full|cross|natural|semi|anti|asof|positional)$/.test(word) && inList;
    }
  }
  return { tables, propres: [...new Set(own)] };
}

/**
 * What stands at `position`: `{ dans: "texte" | "commentaire" | "nombre" | "code", de, debut, parent, tables, propres }`.
 * `debut` is what is written of the word, from `de`; `parent` what stands before its dot; `tables` those of the
 * statement; `propres` the tables that it makes itself; `attendTable` whether a table is what comes here.
 */
export function contexte(text, position) {
  const all = pieces(text);
  const here = all.find(({ from, to, closed, kind }) => {
    // One may still be writing at the end of a word, or of what is not closed yet.
    const open = kind === "mot" || kind === "nombre" || !closed;
    return from < position && (position < to || (open && position === to));
  });
  const code = all.filter(({ kind }) => kind !== "commentaire");
  const ends = code.filter((piece) => piece.text === ";" && piece.kind === "signe");
  const start = ends.findLast((end) => end.to <= position)?.to ?? 0;
  const end = ends.find((piece) => piece.from >= position)?.from ?? text.length;
  const statement = code.filter(({ from, to }) => from >= start && to <= end);
  const { tables, propres } = tablesOf(statement.filter((piece) => piece !== here || piece.to < position));
  const dans = here && ["texte", "commentaire", "nombre"].includes(here.kind) ? here.kind : "code";
  const word = isName(here) ? here : null;
  const de = word ? word.from : position;
  const before = statement.filter(({ to }) => to <= de);
  const last = before.at(-1);
  const dotted = last?.text === "." && last.to === de;
  const previous = dotted ? before.at(-2) : null;
  return {
    dans,
    de,
    guillemet: word?.kind === "nom",
    debut: text.slice(de, position),
    parent: isName(previous) ? nameOf(previous) : null,
    apresPoint: dotted,
    attendTable: isWord(last, "from") || isWord(last, "join"),
    // The column that a text or a sign is compared with: `colonne = '`.
    comparee: comparedBefore(statement, position),
    tables,
    propres,
  };
}

/** The name before the sign that comes before `position`, as in `etat = 'A`, `etat IN ('A', '`. */
function comparedBefore(statement, position) {
  let at = statement.findLastIndex(({ from, to }) => to <= position || from < position);
  if (at < 0) return null;
  if (statement[at].kind === "texte") at--;
  while (at >= 0 && (statement[at].kind === "texte" || [",", "(", "=", "<", ">", "!"].includes(statement[at].text) || isWord(statement[at], "in") || isWord(statement[at], "not"))) at--;
  return at >= 0 && isName(statement[at]) ? nameOf(statement[at]) : null;
}
