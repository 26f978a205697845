// The look of the French design system (DSFR), each colour a variable that a page may set on the element
// or above it. A constructed sheet: no `style` attribute, no <style>, nothing for a strict CSP to refuse.

// Only where the page is dark too: the DSFR says so on its root; another page, by `theme="auto"`.
const DARK = `
  --r-texte: var(--registre-texte, #fff);
  --r-texte-doux: var(--registre-texte-doux, #cecece);
  --r-fond: var(--registre-fond, #161616);
  --r-fond-champ: var(--registre-fond-champ, #242424);
  --r-action: var(--registre-action, #8585f6);
  --r-survol: var(--registre-survol, #21213f);
  --r-trait: var(--registre-trait, #3a3a3a);
  --r-succes: var(--registre-succes, #27a658);
  --r-attention: var(--registre-attention, #fc5d00);
  --r-erreur: var(--registre-erreur, #ff5655);
  --r-info: var(--registre-info, #518fff);
`;

const CSS = `
registre-organisation {
  --r-texte: var(--registre-texte, #161616);
  --r-texte-doux: var(--registre-texte-doux, #3a3a3a);
  --r-fond: var(--registre-fond, #fff);
  --r-fond-champ: var(--registre-fond-champ, #eee);
  --r-action: var(--registre-action, #000091);
  --r-survol: var(--registre-survol, #f5f5fe);
  --r-focus: var(--registre-focus, #0a76f6);
  --r-trait: var(--registre-trait, #ddd);
  --r-succes: var(--registre-succes, #18753c);
  --r-attention: var(--registre-attention, #b34000);
  --r-erreur: var(--registre-erreur, #ce0500);
  --r-info: var(--registre-info, #0063cb);
  display: block;
  color: var(--r-texte);
  font-family: var(--registre-police, inherit);
  line-height: 1.5;
}
[data-fr-theme="dark"] registre-organisation { ${DARK} }
@media (prefers-color-scheme: dark) { registre-organisation[theme="auto"] { ${DARK} } }
registre-organisation .registre-label { display: block; margin: 0 0 0.25rem; font-weight: 500; }
registre-organisation .registre-aide { margin: 0 0 0.5rem; font-size: 0.75rem; color: var(--r-texte-doux); }
registre-organisation .registre-saisie {
  box-sizing: border-box; width: 100%; padding: 0.5rem 1rem; font: inherit; line-height: 1.5rem;
  color: var(--r-texte); background: var(--r-fond-champ); border: 0; border-radius: 0.25rem 0.25rem 0 0;
  box-shadow: inset 0 -2px 0 0 var(--r-texte-doux);
}
registre-organisation .registre-saisie[aria-invalid="true"] { box-shadow: inset 0 -2px 0 0 var(--r-erreur); }
registre-organisation .registre-saisie:focus-visible,
registre-organisation .registre-panneau :focus-visible { outline: 2px solid var(--r-focus); outline-offset: 2px; }
registre-organisation .registre-panneau { overflow-wrap: anywhere; }
registre-organisation .registre-panneau p { margin: 0; }
registre-organisation .registre-attente { height: 2px; overflow: hidden; }
registre-organisation .registre-attente::before { content: ""; display: block; width: 30%; height: 100%; }
registre-organisation[data-occupe] .registre-attente::before { background: var(--r-action); animation: registre-va 1.2s ease-in-out infinite alternate; }
@keyframes registre-va { to { transform: translateX(233%); } }
@media (prefers-reduced-motion: reduce) {
  registre-organisation[data-occupe] .registre-attente::before { width: 100%; animation: none; }
}
registre-organisation .registre-liste {
  margin: 0; padding: 0; max-height: 18rem; overflow-y: auto; list-style: none;
  background: var(--r-fond); border: 1px solid var(--r-trait); box-shadow: 0 6px 18px rgb(0 0 18 / 16%);
}
registre-organisation .registre-liste [role="option"] { margin: 0; padding: 0.5rem 1rem; cursor: pointer; border-left: 4px solid transparent; }
registre-organisation .registre-liste [role="option"] + [role="option"] { border-top: 1px solid var(--r-trait); }
registre-organisation .registre-liste [role="option"]:hover { background: var(--r-survol); }
registre-organisation .registre-liste [role="option"][aria-selected="true"] { background: var(--r-survol); border-left-color: var(--r-action); outline: 2px solid var(--r-focus); outline-offset: -2px; }
registre-organisation .registre-liste strong, registre-organisation .registre-liste span { display: block; }
registre-organisation .registre-liste span { font-size: 0.875rem; color: var(--r-texte-doux); }
registre-organisation .registre-message { margin: 0.5rem 0 0; padding: 0.25rem 0 0.25rem 0.75rem; border-left: 4px solid var(--r-ton); font-size: 0.875rem; }
registre-organisation .registre-message .registre-titre { font-weight: 700; color: var(--r-ton); }
registre-organisation .registre-succes { --r-ton: var(--r-succes); }
registre-organisation .registre-attention { --r-ton: var(--r-attention); }
registre-organisation .registre-erreur { --r-ton: var(--r-erreur); }
registre-organisation .registre-info { --r-ton: var(--r-info); }
registre-organisation .registre-actions { display: flex; flex-wrap: wrap; gap: 0.5rem; margin: 0.5rem 0 0; }
registre-organisation .registre-actions:empty { display: none; }
registre-organisation .registre-bouton {
  min-height: 2rem; padding: 0.25rem 0.75rem; font: inherit; font-size: 0.875rem; font-weight: 500; text-align: left;
  color: var(--r-action); background: var(--r-fond); border: 1px solid var(--r-action); border-radius: 0; cursor: pointer;
}
registre-organisation .registre-bouton:hover { background: var(--r-survol); }
registre-organisation .registre-fiche { margin: 0.75rem 0 0; padding: 1rem; background: var(--r-fond); border: 1px solid var(--r-trait); }
registre-organisation .registre-nature { font-size: 0.875rem; color: var(--r-texte-doux); }
registre-organisation .registre-nom { font-size: 1.125rem; font-weight: 700; }
registre-organisation .registre-numero { font-variant-numeric: tabular-nums; color: var(--r-texte-doux); }
registre-organisation .registre-lien { font-size: 0.875rem; }
registre-organisation .registre-lien a { color: var(--r-action); }
registre-organisation .registre-badge { padding: 0 0.375rem; font-size: 0.75rem; font-weight: 700; text-transform: uppercase; color: var(--r-ton); border: 1px solid; border-radius: 0.25rem; }
registre-organisation .registre-garde { margin: 0.75rem 0 0; padding: 0.5rem 0.75rem; border-left: 4px solid var(--r-info); font-size: 0.875rem; }
registre-organisation .registre-garde ul { margin: 0.25rem 0; padding-left: 1.25rem; }
registre-organisation .registre-invisible { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
registre-organisation [hidden] { display: none; }
`;

let sheet = null;

/** Once per document or shadow root. A browser without constructed sheets shows a plain form. */
export function habiller(root) {
  if (!("adoptedStyleSheets" in root) || !CSSStyleSheet.prototype.replaceSync) return;
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}
