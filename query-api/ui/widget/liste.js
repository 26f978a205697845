// The list of choices under the field: a listbox that the field commands (WAI-ARIA, combobox with a list).
// The focus stays in the field; the active option is named by aria-activedescendant.

import { affichage } from "./identifiants.js";
import { element } from "./fiche.js";

export class Liste {
  #choices = [];
  #active = -1;

  /** `choose` is called with the choice that was taken. */
  constructor(input, id, choose) {
    this.input = input;
    this.choose = choose;
    this.box = element("ul", { id, role: "listbox", class: "registre-liste", "aria-label": "Organisations proposées", hidden: true });
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-controls": id,
    }))
      input.setAttribute(name, value);
    // The field keeps the focus when an option is pressed.
    this.box.addEventListener("mousedown", (event) => event.preventDefault());
    this.box.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#take([...this.box.children].indexOf(option));
    });
  }

  get ouverte() {
    return !this.box.hidden;
  }

  get active() {
    return this.ouverte && this.#active >= 0;
  }

  /** Shows these choices: { valeur, titre, detail }, a button of the list when it has no `valeur`. */
  montrer(choices, active = -1) {
    this.#choices = choices;
    this.box.replaceChildren(
      ...choices.map((choice, rank) =>
        element(
          "li",
          { id: `${this.box.id}-${rank}`, role: "option", "aria-selected": "false" },
          element("strong", {}, choice.titre || affichage(choice.valeur)),
          element("span", {}, [choice.valeur && choice.titre ? affichage(choice.valeur) : "", choice.detail].filter(Boolean).join(", ")),
        ),
      ),
    );
    this.box.hidden = choices.length === 0;
    this.input.setAttribute("aria-expanded", String(this.ouverte));
    this.#activate(choices.length ? active : -1);
  }

  fermer() {
    this.montrer([]);
  }

  avancer(step) {
    const count = this.#choices.length;
    const from = this.#active < 0 && step < 0 ? 0 : this.#active;
    this.#activate((from + step + count) % count);
  }

  prendre() {
    this.#take(this.#active);
  }

  #take(rank) {
    const choice = this.#choices[rank];
    if (choice) this.choose(choice, rank);
  }

  #activate(rank) {
    const previous = this.box.children[this.#active];
    if (previous) previous.setAttribute("aria-selected", "false");
    this.#active = rank;
    const option = this.box.children[rank];
    if (!option) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView?.({ block: "nearest" });
  }
}
