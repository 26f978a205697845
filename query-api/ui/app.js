// The page works without this file: it only replaces one server rendering with the next, without a
// full reload, and tells assistive technology what changed.
"use strict";

const result = document.getElementById("resultat");
const announcement = document.getElementById("annonce");
const field = document.getElementById("id");
const TIME_LIMIT_MS = 30000;
let running = null;

function announce(text) {
  announcement.textContent = "";
  // A change in the same tick as the clearing would not be read again.
  window.setTimeout(() => { announcement.textContent = text; }, 50);
}

function showFailure(detail) {
  const box = document.createElement("div");
  box.className = "alerte";
  const title = document.createElement("h2");
  title.id = "titre-resultat";
  title.tabIndex = -1;
  title.textContent = "Le serveur ne répond pas";
  const text = document.createElement("p");
  text.textContent = detail;
  box.append(title, text);
  result.replaceChildren(box);
  title.focus();
  announce(`${title.textContent} : ${detail}`);
}

async function show(address, remember) {
  if (running) running.abort("replaced");
  const mine = new AbortController();
  running = mine;
  const timer = window.setTimeout(() => mine.abort("late"), TIME_LIMIT_MS);
  result.setAttribute("aria-busy", "true");
  announce("Recherche en cours");
  if (remember) window.history.pushState(null, "", address);
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" }, signal: mine.signal });
    // An error is a rendering like any other: only an answer that is no page is a failure.
    if (!(response.headers.get("content-type") || "").startsWith("text/html")) {
      showFailure("Réessayez dans quelques instants.");
      return;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const rendered = page.getElementById("resultat");
    result.replaceChildren(...(rendered ? rendered.childNodes : []));
    document.title = page.title;
    field.value = new URL(address, window.location.href).searchParams.get("id") || "";
    const said = result.querySelector("[data-annonce]");
    announce(said ? said.dataset.annonce : "");
    const title = document.getElementById("titre-resultat");
    if (title) title.focus();
  } catch (error) {
    if (mine.signal.reason === "replaced") return;
    showFailure(mine.signal.reason === "late"
      ? "La réponse n'est pas arrivée à temps. Réessayez."
      : "Vérifiez votre connexion, puis réessayez.");
  } finally {
    window.clearTimeout(timer);
    if (running === mine) {
      running = null;
      result.removeAttribute("aria-busy");
    }
  }
}

function addressOf(id) {
  return id ? `/?id=${encodeURIComponent(id)}` : "/";
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const pressed = event.submitter;
  const id = pressed && pressed.name === "id" ? pressed.value : field.value.trim();
  show(addressOf(id), true);
});

result.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !plain) return;
  const target = new URL(link.href);
  if (target.origin !== window.location.origin || target.pathname !== "/") return;
  event.preventDefault();
  show(target.pathname + target.search, true);
});

window.addEventListener("popstate", () => {
  show(window.location.pathname + window.location.search, false);
});
