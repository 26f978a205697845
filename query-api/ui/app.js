// What the pages gain from a script: suggestions while a name is typed, and copying. Each works alone,
// and none is needed.

import { proposer } from "./recherche/suggestions.js";

const annonce = document.getElementById("annonce");
let announcing = 0;

/** Said by a screen reader, nothing that is seen. */
function annoncer(text) {
  window.clearTimeout(announcing);
  annonce.textContent = "";
  // A change in the same tick as the clearing would not be read again.
  if (text) announcing = window.setTimeout(() => { annonce.textContent = text; }, 50);
}

async function copier(button) {
  const { copie, copieNom } = button.dataset;
  const before = button.firstChild.nodeValue;
  try {
    await navigator.clipboard.writeText(copie);
    button.firstChild.nodeValue = "Copié";
    annoncer(`Copié : ${copieNom}.`);
    window.setTimeout(() => { button.firstChild.nodeValue = before; }, 2000);
  } catch {
    annoncer("La copie est refusée par le navigateur : sélectionnez le texte.");
  }
}

// Browsers lend the clipboard to secure pages only: elsewhere the buttons stay hidden.
if (annonce && navigator.clipboard) {
  for (const button of document.querySelectorAll("button[data-copie]")) {
    button.hidden = false;
    button.addEventListener("click", () => copier(button));
  }
}

const recherche = document.getElementById("recherche");
if (recherche && annonce) proposer(recherche, annoncer);
