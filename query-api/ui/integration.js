// The guide works without this file: it shows what the form of the demonstration would send.
"use strict";

const form = document.getElementById("essai");
const sent = document.getElementById("envoi");

function showSent() {
  sent.textContent = [...new FormData(form)].map(([name, value]) => `${name} = ${value}`).join("\n");
}

for (const name of ["registre:resultat", "registre:efface", "input"]) form.addEventListener(name, showSent);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  showSent();
});

for (const button of document.querySelectorAll("[data-essai]")) {
  button.addEventListener("click", () => {
    form.querySelector("registre-organisation").value = button.dataset.essai;
  });
}
