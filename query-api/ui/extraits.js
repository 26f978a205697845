// A page that has examples works without this file: it writes this server's address in them as the browser
// knows it, and gives each a button that copies it.
"use strict";

const said = document.getElementById("annonce");

async function copy(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copié";
    said.textContent = "Exemple copié.";
    window.setTimeout(() => { button.textContent = "Copier"; }, 2000);
  } catch {
    // Refused, or a page that is not served over HTTPS: the text is selected, to be copied by hand.
    window.getSelection().selectAllChildren(code);
    said.textContent = "Exemple sélectionné : copiez-le avec Ctrl+C.";
  }
}

for (const block of document.querySelectorAll("[data-origine]")) {
  for (const code of block.querySelectorAll("pre code")) {
    code.textContent = code.textContent.replaceAll(block.dataset.origine, window.location.origin);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copier";
    button.textContent = "Copier";
    const title = code.parentElement.getAttribute("aria-labelledby");
    if (title) button.setAttribute("aria-describedby", title);
    button.addEventListener("click", () => copy(code, button));
    code.parentElement.before(button);
  }
}
