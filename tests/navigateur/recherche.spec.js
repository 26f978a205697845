// The search box: suggestions while a name is typed, with the keyboard and the mouse, and the form that is
// there without them.

import { accessible, capture, expect, sansDefilement, test } from "./banc.js";

const SUGGESTIONS = /\/v1\/suggestions\?/;

/** What the service may answer, of public bodies and of nobody. */
const FOUND = [
  { type: "unite_legale", siren: "219200235", rna: null, nom: "COMMUNE DE CLAMART", complement: "MAIRIE DE CLAMART", commune: "CLAMART", code_postal: "92140", activite: "Administration publique générale", actif: true, url: "/entreprise/219200235" },
  { type: "unite_legale", siren: "130025265", rna: null, nom: "DIRECTION INTERMINISTERIELLE DU NUMERIQUE", complement: "DINUM", commune: "PARIS", code_postal: "75007", activite: null, actif: true, url: "/entreprise/130025265" },
  { type: "association", siren: null, rna: "W759000011", nom: "<b>SPECIMEN</b> ASSOCIATION D'ESSAI DONT LE NOM EST TRES LONG POUR UN PETIT ECRAN", complement: null, commune: null, code_postal: null, activite: null, actif: false, url: "/association/W759000011" },
];

/** Answers instead of the service, until it has the route; `asked` keeps what was asked. */
async function intercepter(page, answer = () => ({ json: { suggestions: FOUND } })) {
  const asked = [];
  await page.route(SUGGESTIONS, async (route) => {
    const q = new URL(route.request().url()).searchParams.get("q");
    asked.push(q);
    const said = await answer(q, asked.length);
    if (said === null) await route.abort();
    else await route.fulfill({ headers: { "access-control-allow-origin": "*" }, ...said });
  });
  return asked;
}

const box = (page) => page.locator("#q");
const options = (page) => page.getByRole("option");
const status = (page) => page.locator("#annonce");

test("a name typed proposes organisations, which the arrows reach and Enter opens", async ({ page, registre }) => {
  const asked = await intercepter(page);
  await page.goto(registre.url);
  await expect(box(page)).toHaveRole("combobox");
  await box(page).pressSequentially("clam", { delay: 20 });
  await expect(options(page)).toHaveCount(3);
  // One request for what was typed in one go, not one a letter.
  expect(asked).toEqual(["clam"]);
  await expect(status(page)).toContainText("3 propositions");
  await expect(box(page)).toHaveAttribute("aria-expanded", "true");
  await expect(options(page).nth(2)).toContainText("<b>SPECIMEN</b>");
  await expect(options(page).nth(2)).toContainText("cessée");
  await page.keyboard.press("ArrowDown");
  const chosen = page.getByRole("option", { selected: true });
  await expect(chosen).toContainText("COMMUNE DE CLAMART");
  expect(await box(page).getAttribute("aria-activedescendant")).toBe(await chosen.getAttribute("id"));
  await accessible(page);
  await capture(page, "recherche-propositions");
  await page.keyboard.press("Escape");
  await expect(options(page)).toHaveCount(0);
  await expect(box(page)).toHaveValue("clam");
  await page.keyboard.press("ArrowDown");
  await expect(options(page)).toHaveCount(3);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/entreprise\/130025265$/);
});

test("an option is chosen with the mouse, and Enter without one sends the form", async ({ page, registre }) => {
  await intercepter(page);
  await page.goto(registre.url);
  await box(page).fill("clamart");
  await options(page).first().click();
  await expect(page).toHaveURL(/\/entreprise\/219200235$/);
  await box(page).fill("clamart");
  await expect(options(page)).toHaveCount(3);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/recherche\?q=clamart/);
});

test("the answer to what is no longer in the box is dropped", async ({ page, registre }) => {
  let first;
  const slow = new Promise((resolve) => (first = resolve));
  const asked = await intercepter(page, async (q) => {
    if (q === "clam") await slow;
    return { json: { suggestions: q === "clam" ? FOUND : FOUND.slice(1, 2) } };
  });
  await page.goto(registre.url);
  await box(page).fill("clam");
  await expect.poll(() => asked.length).toBe(1);
  await box(page).fill("direction");
  await expect(options(page)).toHaveCount(1);
  first();
  await page.waitForTimeout(200);
  await expect(options(page)).toHaveCount(1);
  await box(page).fill("");
  await expect(options(page)).toHaveCount(0);
});

test("a service that fails is left alone, and the form goes on", async ({ page, registre, attendues }) => {
  attendues.push(/status of (429|503)|ERR_FAILED/);
  const asked = await intercepter(page, (q, count) => (count === 1 ? { status: 429, headers: { "retry-after": "1", "access-control-allow-origin": "*" }, json: {} } : null));
  await page.goto(registre.url);
  await box(page).fill("clamart");
  await expect.poll(() => asked.length).toBe(1);
  await box(page).fill("clamart a");
  await page.waitForTimeout(400);
  expect(asked.length).toBe(1);
  // A second later, as it said.
  await page.waitForTimeout(800);
  await box(page).fill("clamart b");
  await expect.poll(() => asked.length).toBe(2);
  await expect(options(page)).toHaveCount(0);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/recherche\?q=clamart\+b/);
});

test("a number asks for nothing, and goes to its page", async ({ page, registre, cas }) => {
  const asked = await intercepter(page);
  await page.goto(registre.url);
  await box(page).pressSequentially(cas.siret.demande.replace(/(...)/g, "$1 "));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/etablissement/${cas.siret.demande}$`));
  expect(asked).toEqual([]);
});

for (const width of [320, 1280]) {
  test(`at ${width} pixels the box, its suggestions and the results are read and used`, async ({ page, registre }) => {
    await intercepter(page);
    await page.setViewportSize({ width, height: 800 });
    await page.goto(registre.url);
    await accessible(page);
    await sansDefilement(page);
    await capture(page, `accueil-${width}`);
    await box(page).fill("clamart");
    await expect(options(page)).toHaveCount(3);
    await sansDefilement(page);
    await accessible(page);
    await capture(page, `accueil-propositions-${width}`);
    await page.goto(`${registre.url}/recherche?q=clamart&departement=92&section=O`);
    await expect(page.getByLabel("Département d'un établissement")).toHaveValue("92");
    await accessible(page);
    await sansDefilement(page);
    await capture(page, `recherche-${width}`);
  });
}

test("the component proposes the organisations of a name, and fills with the one chosen", async ({ page, registre, site, cas }) => {
  const one = { ...FOUND[0], siren: cas.unite.organisation.siren, nom: cas.unite.organisation.nom };
  const asked = await intercepter(page, () => ({ json: { suggestions: [one] } }));
  await page.goto(
    site.page(`<script type="module" src="${registre.url}/widget/registre-organisation.js"></script>
      <form method="post" action="/recu"><registre-organisation name="organisation"></registre-organisation>
      <label>Nom <input name="nom" data-registre="nom"></label><button>Envoyer</button></form>`),
  );
  await page.getByRole("combobox").pressSequentially("comm", { delay: 20 });
  await expect(options(page)).toHaveCount(1);
  expect(asked).toEqual(["comm"]);
  await accessible(page);
  await capture(page, "composant-par-nom");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page.locator("input[name=organisation]")).toHaveValue(cas.unite.organisation.siren);
  await expect(page.locator("input[name=organisation_resultat]")).toHaveValue("trouve");
  await expect(page.getByLabel("Nom", { exact: true })).toHaveValue(cas.unite.organisation.nom);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the form searches, filters and goes to the page of a number", async ({ page, registre, cas }) => {
    await page.goto(registre.url);
    await page.getByRole("textbox").fill("clamart");
    await page.getByRole("button", { name: "Rechercher" }).click();
    await expect(page).toHaveURL(/\/recherche\?q=clamart/);
    await page.getByText("Filtrer et trier").click();
    await page.getByLabel("État").selectOption({ label: "En activité" });
    await page.getByRole("button", { name: "Appliquer" }).click();
    await expect(page).toHaveURL(/etat=A/);
    await expect(page.getByLabel("État")).toHaveValue("A");
    await page.getByLabel("Nom, ville ou numéro").fill(cas.unite.demande);
    await page.getByRole("button", { name: "Rechercher" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText(cas.unite.organisation.nom);
  });
});

test("the service itself proposes, and lists what the form asks", async ({ page, registre }) => {
  await page.goto(registre.url);
  await box(page).pressSequentially("mairie clam", { delay: 20 });
  await expect(options(page).first()).toContainText("COMMUNE DE CLAMART");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/entreprise\/219200235$/);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("COMMUNE DE CLAMART");
  await page.goto(`${registre.url}/recherche?q=comune+de+clamrat`);
  const results = page.locator("ol.resultats > li");
  await expect(results.first()).toContainText("COMMUNE DE CLAMART");
  await accessible(page);
  await capture(page, "recherche-resultats");
});
