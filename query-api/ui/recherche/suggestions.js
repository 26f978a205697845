// Organisations proposed while a name is typed in the search box. The form stays what it is without them:
// Enter sends what was typed, unless an option was reached with the arrows.

import { proposition } from "/widget/fiche.js";
import { Liste } from "/widget/liste.js";
import { SansReponse, estNom, suggestions } from "/widget/service.js";

const TYPING_MS = 150;
const TIME_LIMIT_MS = 5000;
/** After a service that cannot answer, how long it is left alone. */
const REST_MS = 30_000;

/** Adds suggestions to the form of a search; `annoncer` tells a screen reader. */
export function proposer(form, annoncer) {
  const input = form.elements.namedItem("q");
  const list = new Liste(input, "propositions-liste", (choice) => window.location.assign(choice.url));
  form.querySelector("#propositions").append(list.box);
  let running = new AbortController();
  let timer = 0;
  let asked = "";
  let notBefore = 0;

  const stop = () => {
    window.clearTimeout(timer);
    running.abort();
    asked = "";
  };

  const close = () => {
    stop();
    list.fermer();
  };

  const ask = async (text) => {
    running.abort();
    const mine = new AbortController();
    running = mine;
    try {
      const found = (await suggestions("", text, mine.signal, TIME_LIMIT_MS)).map(proposition);
      if (mine.signal.aborted) return;
      list.montrer(found);
      annoncer(found.length
        ? `${found.length} proposition${found.length > 1 ? "s" : ""}. Flèches pour parcourir, Entrée pour ouvrir, Échap pour fermer.`
        : "Aucune proposition. Entrée lance la recherche.");
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof SansReponse)) throw error;
      // Suggestions of another text would be worse than none.
      list.fermer();
      notBefore = Date.now() + (error.attente ?? REST_MS);
    }
  };

  const read = () => {
    const text = input.value.trim();
    if (text === asked) return;
    stop();
    if (!estNom(text) || Date.now() < notBefore) {
      list.fermer();
      return;
    }
    asked = text;
    timer = window.setTimeout(() => ask(text), TYPING_MS);
  };

  input.addEventListener("input", (event) => {
    if (!event.isComposing) read();
  });
  input.addEventListener("compositionend", read);
  input.addEventListener("blur", close);
  form.addEventListener("submit", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.ouverte) list.avancer(event.key === "ArrowDown" ? 1 : -1);
      else if (event.key === "ArrowDown") {
        asked = "";
        read();
      } else return;
      event.preventDefault();
    } else if (event.key === "Escape" && list.ouverte) {
      // What was typed stays: the next Escape is the browser's.
      close();
      asked = input.value.trim();
      annoncer("Propositions fermées.");
      event.preventDefault();
    } else if (event.key === "Enter" && list.active) {
      list.prendre();
      event.preventDefault();
    }
  });
  // Typed before this script was there.
  if (document.activeElement === input && input.value) read();
}
