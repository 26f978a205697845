// <registre-organisation name="organisation">: un champ de formulaire qui reconnaît une organisation à son
// SIRET, son SIREN, son numéro RNA ou de TVA, ou la cherche par son nom, montre sa fiche et remplit les autres champs.
//
//   <script type="module" src="https://registre.example/widget/registre-organisation.js"></script>
//   <registre-organisation name="organisation">
//     <label for="siret">SIRET de votre organisation</label>
//     <input id="siret" name="organisation">
//   </registre-organisation>
//   <input name="cp" data-registre="adresse.code_postal">
//
// Tout est expliqué à l'adresse /integration du service.

// In the light DOM, not in a shadow tree: the field is the author's own, with its label, and is there
// before this script and without it; `aria-describedby`, the form's validation, the browser's memory and
// the page's own style apply to it as to any other; and its values are ordinary fields of the form.

import { verdict, affichage } from "./identifiants.js";
import { Champs, nom } from "./champs.js";
import { choix, element, fiche, message, nonVerifie, proposition, propositions, queFaire, reponse } from "./fiche.js";
import { Liste } from "./liste.js";
import { SansReponse, estNom, etablissements, organisation, suggestions } from "./service.js";
import { habiller } from "./style.js";

const TYPING_MS = 250;
// Nine digits may be the beginning of fourteen.
const SIREN_MS = 700;
const TIME_LIMIT_MS = 8000;
const RETRY_MS = [3000, 6000, 12000, 24000, 60000];

// The service is where this script comes from, whatever the path a proxy gave it.
const SERVICE = new URL("..", import.meta.url).href.replace(/\/$/, "");
let made = 0;

class RegistreOrganisation extends HTMLElement {
  #input = null;
  #hidden = null;
  #hiddenResult = null;
  #list = null;
  #panel = null;
  #fields = new Champs(this, () => this.#input.form);
  #form = null;
  #answer = null;
  #asked = "";
  #running = new AbortController();
  #timer = 0;
  #retry = 0;
  #attempt = 0;
  #notBefore = 0;
  #announcing = 0;

  connectedCallback() {
    // Created by the parser before its content: the author's field is yet to come.
    if (document.readyState === "loading" && !this.#input) {
      document.addEventListener("DOMContentLoaded", () => this.isConnected && this.#start(), { once: true });
    } else this.#start();
  }

  disconnectedCallback() {
    this.#stop();
    window.removeEventListener("online", this.#again);
    document.removeEventListener("visibilitychange", this.#again);
    this.#form?.removeEventListener("reset", this.#reset);
  }

  /** The identifier as the form sends it: normalised when it is one, else what was typed. */
  get value() {
    return this.#hidden?.value ?? "";
  }

  set value(text) {
    if (!this.#input) this.setAttribute("value", text);
    else this.#use(String(text ?? ""));
  }

  /** The whole answer shown, or null. */
  get reponse() {
    return this.#answer;
  }

  get #base() {
    return (this.getAttribute("api") ?? SERVICE).replace(/\/$/, "");
  }

  get #timeLimit() {
    return Number(this.getAttribute("delai")) || TIME_LIMIT_MS;
  }

  #start() {
    if (!this.#input) this.#build();
    habiller(this.getRootNode());
    window.addEventListener("online", this.#again);
    document.addEventListener("visibilitychange", this.#again);
    this.#form = this.#input.form;
    this.#form?.addEventListener("reset", this.#reset);
    // Given by the server, or put back by the browser.
    if (this.#input.value.trim() && !this.#answer) this.#read(true);
  }

  #build() {
    made += 1;
    const name = this.getAttribute("name") || "organisation";
    const id = `registre-${made}`;
    this.#input = this.querySelector("input:not([type=hidden])") ?? this.#field(id, name);
    const input = this.#input;
    this.#list = new Liste(input, `${id}-liste`, (choice) => this.#chosen(choice));
    // The page's own look, or ours.
    if (!input.className) input.className = "registre-saisie";
    input.setAttribute("autocomplete", "off");
    input.setAttribute("spellcheck", "false");
    // Sent by the hidden fields from now on, under the same name.
    input.removeAttribute("name");
    const described = [input.getAttribute("aria-describedby"), `${id}-message`].filter(Boolean).join(" ");
    input.setAttribute("aria-describedby", described);
    const form = input.getAttribute("form");
    this.#hidden = element("input", { type: "hidden", name, form });
    this.#hiddenResult = element("input", { type: "hidden", name: `${name}_resultat`, form });
    this.#panel = {
      message: element("div", { id: `${id}-message` }),
      actions: element("div", { class: "registre-actions" }),
      fiche: element("div", {}),
      garde: element("div", {}),
      annonce: element("p", { class: "registre-invisible", role: "status" }),
    };
    this.append(
      element(
        "div",
        { class: "registre-panneau" },
        element("div", { class: "registre-attente" }),
        this.#list.box,
        ...Object.values(this.#panel),
      ),
      this.#hidden,
      this.#hiddenResult,
    );
    input.addEventListener("input", (event) => this.#read(/^insertFrom(Paste|Drop)/.test(event.inputType ?? "")));
    input.addEventListener("change", () => this.#read(true));
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("blur", () => this.#list.fermer());
    this.#send();
  }

  /** The field, where the author wrote none. */
  #field(id, name) {
    const input = element("input", {
      id: `${id}-saisie`,
      type: "text",
      name,
      value: this.getAttribute("value"),
      required: this.hasAttribute("required"),
      "aria-describedby": `${id}-aide`,
    });
    this.append(
      element("label", { for: input.id, class: "registre-label" }, this.getAttribute("label") || "SIRET, SIREN, numéro RNA ou de TVA"),
      element("p", { id: `${id}-aide`, class: "registre-aide" }, "Par exemple 14 chiffres pour un SIRET. Les espaces, points et tirets sont ignorés."),
      input,
    );
    return input;
  }

  // --- What is typed ------------------------------------------------------------------------------

  /** Reads the field. `whole`: it was pasted or left, there is no more to wait for. */
  #read(whole) {
    const text = this.#input.value;
    const said = verdict(text);
    // Another way to write the number that is already shown, or already asked.
    if (said.valeur && said.valeur === this.#asked) {
      if (whole && this.#timer) this.#ask(said);
      return;
    }
    if (!said.valeur && whole && this.#answer?.demande === text) return;
    this.#forget();
    this.#asked = said.valeur ?? "";
    if (!text.trim()) {
      this.#send();
      return;
    }
    if (said.valeur) {
      this.#send(said.valeur, "non_verifie");
      if (whole) this.#ask(said);
      else this.#timer = setTimeout(() => this.#ask(said), said.type === "siren" ? SIREN_MS : TYPING_MS);
      return;
    }
    this.#send(text.trim(), "invalide");
    if (!whole && estNom(text)) {
      this.#timer = setTimeout(() => this.#named(text.trim()), TYPING_MS);
      return;
    }
    const shout = () => this.#show(reponse(text, "invalide", said));
    // A wrong key is told once all its digits are there; anything else, when the field is left.
    const complete = said.code === "cle_invalide" && said.type !== "siren";
    if (whole) shout();
    else if (complete) this.#timer = setTimeout(shout, SIREN_MS);
  }

  #key(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const list = this.#list;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.ouverte) list.avancer(event.key === "ArrowDown" ? 1 : -1);
      else if (!this.#open()) return;
      event.preventDefault();
    } else if (event.key === "Escape" && list.ouverte) {
      list.fermer();
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter") {
      if (list.active) list.prendre();
      // The first Enter verifies; the next one sends the form, as anywhere.
      else if (this.#input.value.trim() && !this.#answer) this.#read(true);
      else return;
      event.preventDefault();
    }
  }

  /** Puts a number in the field, and verifies it. */
  #use(text) {
    this.#input.value = affichage(text);
    this.#input.dispatchEvent(new Event("input", { bubbles: true }));
    this.#read(true);
  }

  // --- Asking -------------------------------------------------------------------------------------

  async #ask(said) {
    this.#stop();
    const mine = new AbortController();
    this.#running = mine;
    this.setAttribute("data-occupe", "");
    const text = this.#input.value;
    if (!this.#answer) this.#announce("Vérification en cours");
    try {
      const answer = await organisation(this.#base, said.valeur, mine.signal, this.#timeLimit);
      this.removeAttribute("data-occupe");
      this.#attempt = 0;
      this.#show(answer);
    } catch (error) {
      if (mine.signal.aborted) return;
      this.removeAttribute("data-occupe");
      if (!(error instanceof SansReponse)) throw error;
      this.#unverified(text, said, error);
    }
  }

  #unverified(text, said, { code, attente }) {
    // Said once, however many times it is tried again.
    if (this.#answer?.code !== code) this.#show(nonVerifie(text, said, code));
    // A service that limits its clients says when to come back: not before.
    this.#notBefore = Date.now() + (attente ?? 0);
    const wait = attente ?? RETRY_MS[Math.min(this.#attempt, RETRY_MS.length - 1)];
    this.#attempt += 1;
    this.#retry = setTimeout(this.#again, wait);
  }

  /** Tries again what could not be verified: after a while, when the network or the reader is back. */
  #again = () => {
    if (this.#answer?.resultat !== "non_verifie" || document.hidden || Date.now() < this.#notBefore) return;
    const said = verdict(this.#input.value);
    if (said.valeur) this.#ask(said);
  };

  #stop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#retry);
    this.#timer = 0;
    this.#running.abort();
    this.removeAttribute("data-occupe");
  }

  // --- Showing ------------------------------------------------------------------------------------

  #show(answer) {
    const { message: box, actions, fiche: card } = this.#panel;
    const had = this.#answer;
    this.#answer = answer;
    this.#timer = 0;
    this.#send(answer.identifiant?.valeur ?? this.#input.value.trim(), answer.resultat);
    const refused = answer.resultat === "invalide";
    this.#input.setAttribute("aria-invalid", String(refused));
    box.replaceChildren(message(answer));
    actions.replaceChildren(...this.#buttons(answer));
    const shown = fiche(answer, this.#base);
    card.replaceChildren(...(shown ? [shown] : []));
    if (answer.resultat === "trouve" || answer.resultat === "diffusion_partielle") this.#fill(false);
    else if (had) this.#fields.vider();
    const more = actions.childElementCount ? " Flèche bas pour voir les propositions." : "";
    const name = answer.organisation?.nom ? `${answer.organisation.nom}. ` : "";
    this.#announce(`${name}${answer.message} ${queFaire(answer)}${more}`);
    this.dispatchEvent(new CustomEvent("registre:resultat", { detail: answer, bubbles: true, composed: true }));
  }

  #buttons(answer) {
    const button = (text, act, attributes = {}) => {
      const made = element("button", { type: "button", class: "registre-bouton", ...attributes }, text);
      made.addEventListener("click", act);
      return made;
    };
    const buttons = propositions(answer).map(({ valeur, titre, detail }) =>
      button(`Utiliser ${affichage(valeur)}${titre ? ` (${titre})` : ""} : ${detail}`, () => this.#chosen({ valeur })),
    );
    if (this.#siren(answer)) {
      const count = answer.organisation.nombre_etablissements.actifs;
      buttons.push(button(`Choisir un établissement (${count.toLocaleString("fr")} en activité)`, () => this.#open()));
    }
    if (answer.resultat === "non_verifie") buttons.push(button("Vérifier maintenant", () => this.#now()));
    return buttons;
  }

  /** Asked for by its button, which the answer will take away: the focus goes back to the field. */
  #now() {
    this.#input.focus();
    this.#ask(verdict(this.#input.value));
  }

  /** The unité légale whose établissements may be chosen from, if it has several. */
  #siren(answer) {
    const { organisation } = answer ?? {};
    return (organisation?.nombre_etablissements?.actifs ?? 0) > 1 && answer.identifiant?.type !== "rna" ? organisation.siren : null;
  }

  /** What was found is no longer what is in the field. */
  #forget() {
    this.#stop();
    this.#attempt = 0;
    this.#notBefore = 0;
    this.#list.fermer();
    const had = this.#answer;
    this.#answer = null;
    if (had) {
      this.#fields.vider();
      this.dispatchEvent(new CustomEvent("registre:efface", { bubbles: true, composed: true }));
    }
    this.#input.removeAttribute("aria-invalid");
    for (const part of ["message", "actions", "fiche", "garde"]) this.#panel[part].replaceChildren();
    this.#announce("");
  }

  #send(value = "", resultat = "non_verifie") {
    this.#hidden.value = value;
    this.#hiddenResult.value = resultat;
  }

  #announce(text) {
    clearTimeout(this.#announcing);
    const { annonce } = this.#panel;
    annonce.textContent = "";
    // A change in the same tick as the clearing would not be read again.
    if (text) this.#announcing = setTimeout(() => (annonce.textContent = text), 50);
  }

  #reset = () => {
    // The fields are reset after this event.
    setTimeout(() => {
      this.#fields.oublier();
      this.#forget();
      this.#asked = "";
      this.#read(true);
    });
  };

  // --- The form's own fields ----------------------------------------------------------------------

  #fill(replace) {
    const kept = this.#fields.remplir(this.#answer, replace);
    this.#panel.garde.replaceChildren(...(kept.length ? [this.#kept(kept)] : []));
    this.dispatchEvent(new CustomEvent("registre:champs", { detail: { gardes: kept }, bubbles: true, composed: true }));
  }

  #kept(kept) {
    const shown = (value) => (value === true ? "coché" : value === false ? "non coché" : `« ${value} »`);
    const replace = element("button", { type: "button", class: "registre-bouton" }, "Remplacer par les données du répertoire");
    replace.addEventListener("click", () => {
      this.#fill(true);
      this.#input.focus();
      this.#announce("Les champs ont été remplacés par les données du répertoire.");
    });
    return element(
      "div",
      { class: "registre-garde" },
      element("p", {}, "Ce que vous aviez saisi a été gardé :"),
      element(
        "ul",
        {},
        ...kept.map(({ champ, saisi, propose }) => element("li", {}, `${nom(champ)} : ${shown(saisi)} ; le répertoire dit ${shown(propose)}.`)),
      ),
      replace,
    );
  }

  // --- Choosing -----------------------------------------------------------------------------------

  /** Opens the list of what may be chosen; false when there is nothing. */
  #open() {
    const answer = this.#answer;
    if (!answer) return false;
    // Already being read.
    if (this.hasAttribute("data-occupe")) return true;
    const choices = propositions(answer);
    const siren = this.#siren(answer);
    if (!siren && !choices.length) return false;
    // From its button too: the arrow keys are the field's.
    this.#input.focus();
    this.#list.montrer(choices, 0);
    if (siren) this.#more(siren, choices, null);
    return true;
  }

  /** Proposes the organisations of that name. Where nobody can say, the field takes numbers, as before. */
  async #named(name) {
    const mine = (this.#running = new AbortController());
    try {
      const found = (await suggestions(this.#base, name, mine.signal, this.#timeLimit)).map(proposition);
      if (mine.signal.aborted) return;
      this.#list.montrer(found);
      this.#announce(
        found.length
          ? `${found.length} organisations proposées. Flèches pour parcourir, Entrée pour choisir, Échap pour fermer.`
          : "Aucune organisation de ce nom. Saisissez son numéro.",
      );
    } catch (error) {
      if (!(error instanceof SansReponse) && !mine.signal.aborted) throw error;
    }
  }

  async #more(siren, choices, next) {
    const mine = this.#running.signal.aborted ? (this.#running = new AbortController()) : this.#running;
    this.setAttribute("data-occupe", "");
    try {
      const page = await etablissements(this.#base, siren, next, mine.signal, this.#timeLimit);
      const all = [...choices, ...page.etablissements.map(choix)];
      const last = page.suivant ? [{ titre: "Voir les suivants", detail: `${all.length} sur ${page.total}`, suite: () => this.#more(siren, all, page.suivant) }] : [];
      if (!this.#answer) return;
      this.#list.montrer([...all, ...last], choices.length);
      this.#announce(`${all.length} établissements proposés sur ${page.total}. Flèches pour parcourir, Entrée pour choisir, Échap pour fermer.`);
    } catch (error) {
      if (!mine.signal.aborted) this.#announce("La liste des établissements ne peut pas être lue pour l'instant.");
    } finally {
      if (!mine.signal.aborted) this.removeAttribute("data-occupe");
    }
  }

  #chosen({ valeur, suite }) {
    if (suite) {
      suite();
      return;
    }
    this.#list.fermer();
    this.#input.focus();
    this.#use(valeur);
  }
}

// Twice the same script in a page must not be an error.
if (!customElements.get("registre-organisation")) customElements.define("registre-organisation", RegistreOrganisation);
