// The page works without this file: it writes this server's address in the examples as the browser knows it,
// and gives each a button that copies it.
"use strict";

const written = document.querySelector("[data-origine]").dataset.origine;
const said = document.getElementById("annonce");

for (const code of document.querySelectorAll("pre code")) {
  code.textContent = code.textContent.replaceAll(written, window.location.origin);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copier";
  button.textContent = "Copier";
  button.setAttribute("aria-describedby", code.parentElement.getAttribute("aria-labelledby"));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      said.textContent = "Exemple copié.";
    } catch {
      // Refused, or a page that is not served over HTTPS: the text is selected, to be copied by hand.
      window.getSelection().selectAllChildren(code);
      said.textContent = "Exemple sélectionné : copiez-le avec Ctrl+C.";
    }
  });
  code.parentElement.before(button);
}
