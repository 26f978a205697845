// The editor, over the text area of the form. It lives in a shadow root: there CodeMirror gives its rules to the
// page as style sheets that it makes, where elsewhere it would write <style>, which the policy of the page refuses.

import {
  Decoration,
  EditorState,
  EditorView,
  HighlightStyle,
  Prec,
  SQLDialect,
  StateEffect,
  StateField,
  autocompletion,
  bracketMatching,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  defaultKeymap,
  drawSelection,
  highlightActiveLine,
  highlightSelectionMatches,
  highlightSpecialChars,
  history,
  historyKeymap,
  indentOnInput,
  keymap,
  lineNumbers,
  placeholder,
  search,
  searchKeymap,
  syntaxHighlighting,
  tags,
} from "./codemirror.js";

/** DuckDB's own words, as far as one may use them here: one SELECT. */
const DUCKDB = SQLDialect.define({
  keywords:
    "select from where group by all having order limit offset distinct on as and or not in between like ilike similar to is null isnull notnull " +
    "case when then else end join left right full outer inner cross natural semi anti asof positional using union intersect except with recursive " +
    "materialized exists any some cast try_cast interval asc desc nulls first last over partition rows groups preceding following unbounded current row " +
    "qualify filter within sample tablesample exclude replace rename columns extract lateral window values escape collate pivot unpivot at for default",
  types:
    "bigint int8 long boolean bool blob bytea date decimal numeric double float8 float real float4 hugeint uhugeint integer int int4 signed interval " +
    "json smallint int2 short time timestamp timestamptz datetime tinyint ubigint uinteger usmallint utinyint uuid varchar char text string struct list map union bit enum",
  operatorChars: "*+-%<>!=&|~^/",
  specialVar: "?$",
  caseInsensitiveIdentifiers: true,
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "#000091", fontWeight: "600" },
  { tag: tags.typeName, color: "#6a3ab2" },
  { tag: [tags.string, tags.special(tags.string)], color: "#18753c" },
  { tag: [tags.number, tags.bool, tags.null], color: "#a3550b" },
  { tag: [tags.lineComment, tags.blockComment], color: "#5b5b5b", fontStyle: "italic" },
]);

const look = EditorView.theme({
  "&": { fontSize: "0.9375rem", backgroundColor: "#ffffff", color: "#161616", border: "1px solid #3a3a3a", borderBottom: "2px solid #000091" },
  "&.cm-focused": { outline: "3px solid #0a76f6", outlineOffset: "2px" },
  ".cm-scroller": { fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace", lineHeight: "1.55", minHeight: "11rem", maxHeight: "28rem" },
  ".cm-content": { padding: "0.75rem 0", minHeight: "11rem" },
  ".cm-gutters": { backgroundColor: "#f5f5fe", color: "#565656", border: "0" },
  ".cm-activeLineGutter, .cm-activeLine": { backgroundColor: "#f0f0ff" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { backgroundColor: "#c5d4ff" },
  ".cm-placeholder": { color: "#5b5b5b" },
  ".cm-faute": { textDecoration: "underline wavy #ce0500 1.5px", textUnderlineOffset: "0.25em", backgroundColor: "#ffe9e6" },
  ".cm-tooltip": { border: "1px solid #3a3a3a", backgroundColor: "#ffffff", maxWidth: "92vw" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "inherit", fontSize: "0.875rem", maxHeight: "15rem", maxWidth: "min(34rem, 88vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.25rem 0.5rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "#000091", color: "#ffffff" },
  ".cm-completionDetail": { color: "#5b5b5b", fontStyle: "normal", fontSize: "0.8125rem" },
  "li[aria-selected] .cm-completionDetail": { color: "#ffffff" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionInfo": { padding: "0.5rem 0.75rem", maxWidth: "min(20rem, 80vw)", fontSize: "0.875rem", overflowWrap: "anywhere" },
  ".cm-completionInfo p": { margin: "0.25rem 0 0" },
  ".cm-panels": { backgroundColor: "#f5f5fe", color: "#161616" },
});

const FRENCH = {
  "Find": "Chercher",
  "Replace": "Remplacer",
  "next": "suivant",
  "previous": "précédent",
  "all": "tout",
  "match case": "respecter la casse",
  "by word": "mot entier",
  "regexp": "expression régulière",
  "replace": "remplacer",
  "replace all": "tout remplacer",
  "close": "fermer",
  "current match": "occurrence",
  "on line": "à la ligne",
  "replaced match on line $": "remplacé à la ligne $",
  "replaced $ matches": "$ remplacements",
  "Go to line": "Aller à la ligne",
  "go": "aller",
  "Completions": "Propositions",
  "Control character": "Caractère de contrôle",
  "Selection deleted": "Sélection supprimée",
};

/**
 * What is typed over a selection. Left to itself, Chromium keeps the colour of what it replaces by an inline style,
 * which the policy of the page refuses, and says so.
 */
function replaceTyped(event, view) {
  const { from, to, empty } = view.state.selection.main;
  const text = event.data;
  if (event.inputType !== "insertText" || empty || !text || event.isComposing || view.state.selection.ranges.length > 1) return false;
  const change = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
  event.preventDefault();
  const handled = view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, change));
  if (!handled) view.dispatch(change());
  return true;
}

const showFault = StateEffect.define();
const fault = StateField.define({
  create: () => Decoration.none,
  update(shown, change) {
    // What is typed may be the correction: the mark goes.
    let next = change.docChanged ? Decoration.none : shown;
    for (const effect of change.effects) {
      if (!effect.is(showFault)) continue;
      const mark = Decoration.mark({ class: "cm-faute" });
      next = effect.value ? Decoration.set([mark.range(effect.value.de, effect.value.a)]) : Decoration.none;
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/**
 * Puts the editor in `host`, in the place of `area`, whose text it keeps equal to its own.
 * `run` is called by Ctrl or ⌘ and Enter; `complete` gives the completions once it is set.
 */
export function editeur({ host, area, run, help }) {
  const root = host.attachShadow({ mode: "open", delegatesFocus: true });
  const described = document.createElement("p");
  described.id = "aide-editeur";
  described.hidden = true;
  described.textContent = help;
  const place = document.createElement("div");
  root.append(described, place);
  let source = null;
  const completing = autocompletion({ override: [(asked) => source?.(asked) ?? null], icons: false, maxRenderedOptions: 60 });
  const view = new EditorView({
    root,
    parent: place,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (run(), true), preventDefault: true }])),
        EditorState.phrases.of(FRENCH),
        EditorState.tabSize.of(4),
        EditorView.contentAttributes.of({
          "aria-label": "Requête SQL",
          "aria-describedby": described.id,
          autocapitalize: "off",
          autocorrect: "off",
          spellcheck: "false",
          translate: "no",
        }),
        lineNumbers(),
        highlightSpecialChars(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        completing,
        highlightActiveLine(),
        highlightSelectionMatches(),
        search({ top: true }),
        placeholder("SELECT … FROM etablissement WHERE …"),
        EditorView.lineWrapping,
        EditorView.domEventHandlers({ beforeinput: replaceTyped }),
        DUCKDB.language,
        syntaxHighlighting(colours),
        look,
        fault,
        EditorView.updateListener.of((update) => {
          if (update.docChanged) area.value = view.state.doc.toString();
        }),
        // Tab is not bound: it goes to what follows, as everywhere on the page.
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap]),
      ],
    }),
  });
  area.hidden = true;

  return {
    get texte() {
      return view.state.doc.toString();
    },
    set texte(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: 0 }, effects: showFault.of(null), scrollIntoView: true });
    },
    propose(next) {
      source = next;
    },
    inserer(text) {
      view.dispatch(view.state.replaceSelection(text), { scrollIntoView: true });
      view.focus();
    },
    /** Underlines from `de` to `a`, in UTF-16 units; nothing when there is no place. */
    souligner(de, a = de + 1) {
      const length = view.state.doc.length;
      const from = Math.max(0, Math.min(de, length - 1));
      if (length > 0) view.dispatch({ effects: showFault.of({ de: from, a: Math.min(Math.max(a, from + 1), length) }) });
    },
    effacerFaute() {
      view.dispatch({ effects: showFault.of(null) });
    },
    aller(place) {
      view.dispatch({ selection: { anchor: Math.min(place, view.state.doc.length) }, scrollIntoView: true });
      view.focus();
    },
    focus: () => view.focus(),
  };
}
