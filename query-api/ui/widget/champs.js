// The fields of the form: which is filled with what, and what the applicant changed since.
//
//   <input name="cp" data-registre="adresse.code_postal">      a member of `organisation`
//   <registre-organisation champs='{"cp": "adresse.code_postal"}'>   the same, by the field's name

/** What is not a member of `organisation`, but made from the answer. */
export const COMPOSES = {
  identifiant: (answer) => answer.identifiant?.valeur,
  "identifiant.affichage": (answer) => answer.identifiant?.affichage,
  "identifiant.type": (answer) => answer.identifiant?.type,
  resultat: (answer) => answer.resultat,
  code: (answer) => answer.code,
  message: (answer) => answer.message,
  "donnees.sirene": (answer) => answer.donnees?.sirene,
  "donnees.rna": (answer) => answer.donnees?.rna,
  voie: ({ organisation }) => {
    const { numero_voie, indice_repetition, type_voie, libelle_voie } = organisation?.adresse ?? {};
    return [numero_voie, indice_repetition, type_voie, libelle_voie].filter(Boolean).join(" ");
  },
  commune: ({ organisation }) =>
    organisation?.adresse?.libelle_commune ?? organisation?.adresse?.libelle_commune_etranger,
};

/** The value of a path such as "adresse.code_postal", as a form takes it: text, or a boolean. */
export function valeur(answer, path) {
  let value = Object.hasOwn(COMPOSES, path)
    ? COMPOSES[path](answer)
    : path.split(".").reduce((at, name) => (at != null && Object.hasOwn(at, name) ? at[name] : null), answer.organisation);
  if (Array.isArray(value)) value = value.filter((item) => typeof item !== "object").join(path.endsWith("lignes") ? "\n" : ", ");
  // A code and its label: its label, unless the path says `.code`.
  if (value !== null && typeof value === "object") value = value.libelle ?? value.code ?? "";
  if (typeof value === "boolean") return value;
  return value == null ? "" : String(value);
}

const isCheckbox = (field) => field.type === "checkbox";
const isControl = (field) => "value" in field && field.localName !== "li";
const current = (field) => (isCheckbox(field) ? field.checked : isControl(field) ? field.value : field.textContent);

/** As the field will hold it: a checkbox a boolean, a list one of its options, one line without breaks. */
function fitted(field, value) {
  if (isCheckbox(field)) return value === true;
  const text = value === true ? "oui" : value === false ? "non" : value;
  if (field.localName === "select") {
    const options = [...field.options];
    const same = (option) => option.value === text || option.text.trim() === text;
    return (options.find(same) ?? options.find((option) => option.value === ""))?.value ?? "";
  }
  return field.localName === "input" ? text.replaceAll("\n", ", ") : text;
}

/** Through the element's own setter and with its events, or a React field would not notice. */
function write(field, value) {
  if (!isControl(field)) {
    field.textContent = value;
    return;
  }
  const property = isCheckbox(field) ? "checked" : "value";
  const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), property)?.set;
  if (setter) setter.call(field, value);
  else field[property] = value;
  // React listens to the click of a checkbox; setting it is not one.
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

/** How a field is called, for a person. */
export function nom(field) {
  const label = field.labels?.[0]?.textContent || field.getAttribute("aria-label") || field.name || "";
  return label.trim().replace(/\s+/g, " ");
}

export class Champs {
  // What each field was given. One that holds something else was edited by the applicant.
  #given = new Map();

  /** `form` gives the form of the field, or null. */
  constructor(host, form) {
    this.host = host;
    this.form = form;
  }

  /** [field, path], of the same form, or of the page when there is no form. */
  #mapped() {
    const form = this.form();
    const scope = form ?? this.host.getRootNode();
    const fields = new Set(scope.querySelectorAll("[data-registre]"));
    // Those that belong to the form from elsewhere, by their attribute `form`.
    for (const field of form?.elements ?? []) if (field.hasAttribute("data-registre")) fields.add(field);
    const name = this.host.getAttribute("name");
    const pairs = [...fields]
      .filter((field) => (field.dataset.registrePour ?? name) === name)
      .map((field) => [field, field.dataset.registre]);
    for (const [field, path] of Object.entries(this.#byName())) {
      const found = form?.elements.namedItem(field);
      if (found instanceof HTMLElement) pairs.push([found, String(path)]);
      else console.warn(`registre-organisation: no field "${field}" in the form, named by the attribute "champs"`);
    }
    return pairs;
  }

  #byName() {
    const text = this.host.getAttribute("champs");
    if (!text) return {};
    try {
      return JSON.parse(text) ?? {};
    } catch (error) {
      console.warn(`registre-organisation: the attribute "champs" is not JSON: ${error.message}`);
      return {};
    }
  }

  #isEdited(field) {
    const now = current(field);
    return this.#given.has(field) ? now !== this.#given.get(field) : isControl(field) && now !== "" && now !== false;
  }

  /** Fills what the applicant did not write. Gives what was left: [{ champ, saisi, propose }]. */
  remplir(answer, replace = false) {
    const kept = [];
    for (const [field, path] of this.#mapped()) {
      const value = fitted(field, valeur(answer, path));
      if (current(field) === value) {
        this.#given.set(field, value);
      } else if (this.#isEdited(field) && !replace) {
        if (value !== "") kept.push({ champ: field, saisi: current(field), propose: value });
      } else {
        write(field, value);
        // Read back: a field may refuse or shorten what it is given.
        this.#given.set(field, current(field));
      }
    }
    return kept;
  }

  /** Empties what was filled and not edited since: it was another organisation's. */
  vider() {
    for (const [field, value] of this.#given) {
      if (current(field) === value) write(field, isCheckbox(field) ? false : fitted(field, ""));
    }
    this.#given.clear();
  }

  /** The form was reset: nothing is ours any more. */
  oublier() {
    this.#given.clear();
  }
}
