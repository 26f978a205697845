// The public pages: an entreprise, an établissement, an association, each read with or without JavaScript,
// on a phone, on paper, and copied from.

import { accessible, capture, expect, sansDefilement, test } from "./banc.js";

const WIDTHS = [320, 1280];

/** The page of each situation: where it is, what it says, what its file is called. */
const pages = (cas, rna) => [
  ["entreprise", `/entreprise/${cas.unite.organisation.siren}`, "est active"],
  ["etablissement", `/etablissement/${cas.siret.demande}`, "est actif"],
  ["association", `/association/${rna}`, rna],
  ["etablissement-ferme", `/etablissement/${cas.successeur.demande}`, "est fermé"],
  ["entreprise-masquee", `/entreprise/${cas.diffusion_partielle.organisation.siren}`, "diffusion partielle"],
  ["entreprise-doublon", `/entreprise/${cas.doublon.identifiant.valeur.slice(0, 9)}`, "doublon"],
  ["entreprise-inconnue", `/entreprise/${cas.inconnu}`, "ne figure pas"],
  ["etablissement-invalide", `/etablissement/${cas.invalide}`, "Que faire"],
];

/** An association that the RNA of the sample has. */
async function association(registre) {
  const sql = "SELECT a.id FROM association a JOIN lien_siren_rna l USING (id) WHERE a.id LIKE 'W%' ORDER BY 1 LIMIT 1";
  const answer = await fetch(`${registre.url}/v1/sql?format=csv&q=${encodeURIComponent(sql)}`);
  return /W[0-9A-Z]{9}/.exec(await answer.text())[0];
}

for (const width of WIDTHS) {
  test(`at ${width} pixels each page says its state, scrolls no sideways, and axe has nothing to say`, async ({ page, registre, cas }) => {
    test.setTimeout(90_000);
    await page.setViewportSize({ width, height: 900 });
    for (const [name, path, said] of pages(cas, await association(registre))) {
      await page.goto(registre.url + path);
      await expect(page.locator("#resultat")).toContainText(said);
      await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
      await expect(page.locator("body")).not.toContainText("[ND]");
      await capture(page, `page-${name}-${width}`);
      for (const details of await page.locator("details").all()) await details.evaluate((one) => (one.open = true));
      await sansDefilement(page);
      await accessible(page);
    }
  });
}

test("numbers and the address are copied, and it is said", async ({ page, registre, cas, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`${registre.url}/etablissement/${cas.siret.demande}`);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole("button", { name: "Copier : SIRET" }).click();
  await expect(page.getByRole("status")).toHaveText("Copié : SIRET.");
  expect(await copied()).toBe(cas.siret.demande);
  await page.getByRole("button", { name: "Copier : TVA intracommunautaire" }).click();
  await expect.poll(copied).toBe(cas.siret.organisation.tva);
  await page.getByRole("button", { name: "Copier : adresse" }).click();
  await expect.poll(copied).toContain(cas.siret.organisation.adresse.code_postal);
});

test("what reads the page from a program is copied, with its number and this server's address", async ({ page, registre, cas, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  for (const [path, titles] of [
    [`/etablissement/${cas.siret.demande}`, ["curl", "DuckDB", "Python"]],
    ["/recherche?q=poste&departement=75", ["curl", "DuckDB", "Python"]],
    ["/donnees", ["curl"]],
  ]) {
    await page.goto(registre.url + path);
    const block = page.getByRole("region", { name: "Dans votre code" });
    for (const [index, title] of titles.entries()) {
      const button = block.getByRole("button").nth(index);
      await expect(button).toHaveAccessibleDescription(title);
      await button.click();
      await expect(button).toHaveText("Copié");
      await expect(page.getByRole("status")).toHaveText("Exemple copié.");
      expect(await copied()).toBe(await block.locator("pre code").nth(index).textContent());
      expect(await copied()).toContain(registre.url);
    }
  }
  await page.goto(`${registre.url}/integration`);
  await page.getByRole("button", { name: "Copier" }).first().click();
  await expect.poll(copied).toContain(`${registre.url}/widget/registre-organisation.js`);
});

test("a large unit is read a page at a time, and its map says what it shows", async ({ page, registre, cas }) => {
  const { siren, nombre_etablissements: count } = cas.unite.organisation;
  await page.goto(`${registre.url}/entreprise/${siren}`);
  const rows = page.getByRole("region", { name: "Liste des établissements" }).getByRole("row");
  await expect(rows).toHaveCount(26);
  const first = await rows.nth(1).getByRole("link").textContent();
  await expect(page.getByRole("img", { name: /^Carte\. / })).toBeVisible();
  await page.getByRole("link", { name: "Page suivante" }).click();
  await expect(rows.nth(1).getByRole("link")).not.toHaveText(first);
  await expect(page).toHaveURL(new RegExp(`/entreprise/${siren}\\?apres=\\d{14}`));
  await page.getByRole("link", { name: "Première page" }).click();
  await expect(rows.nth(1).getByRole("link")).toHaveText(first);
  expect(count.total).toBeGreaterThan(25);
  await rows.nth(1).getByRole("link").click();
  await expect(page).toHaveURL(/\/etablissement\/\d{14}$/);
});

test("the successor of what is closed is a link, and a doublon leads to its reference", async ({ page, registre, cas }) => {
  await page.goto(`${registre.url}/etablissement/${cas.successeur.demande}`);
  await page.getByRole("link", { name: /^Ce qui en a pris la suite/ }).click();
  await expect(page).toHaveURL(new RegExp(`/etablissement/${cas.successeur.organisation.succession.siret_actuel}$`));
  await page.goto(`${registre.url}/entreprise/${cas.doublon.identifiant.valeur.slice(0, 9)}`);
  await page.getByRole("link", { name: /^Le SIREN qui fait référence/ }).click();
  await expect(page).toHaveURL(new RegExp(`/entreprise/${cas.doublon.siren_reference}$`));
});

test("the registers lead to each other", async ({ page, registre }) => {
  const rna = await association(registre);
  await page.goto(`${registre.url}/association/${rna}`);
  await page.locator("section", { hasText: "Unité légale au répertoire SIRENE" }).getByRole("link").first().click();
  await expect(page).toHaveURL(/\/entreprise\/\d{9}$/);
  await page.getByRole("link", { name: rna }).first().click();
  await expect(page).toHaveURL(new RegExp(`/association/${rna}$`));
});

test("the metadata is JSON-LD that the policy of the page lets be, with the canonical address", async ({ page, registre, cas }) => {
  await page.goto(`${registre.url}/etablissement/${cas.siret.demande.slice(0, 9)}%20${cas.siret.demande.slice(9)}`);
  await expect(page).toHaveURL(new RegExp(`/etablissement/${cas.siret.demande}$`));
  const said = JSON.parse(await page.locator('script[type="application/ld+json"]').textContent());
  expect(said["@type"]).toBe("LocalBusiness");
  expect(said.name).toBe(cas.siret.organisation.nom);
  expect(said.identifier.map(({ value }) => value)).toContain(cas.siret.demande);
  expect(await page.locator('link[rel="canonical"]').evaluate((link) => link.href)).toBe(page.url());
  const json = await page.request.get(await page.locator('link[rel="alternate"]').first().evaluate((link) => link.href));
  expect(json.status()).toBe(200);
});

test("on paper there is the organisation, without what is only of the screen", async ({ page, registre, cas }) => {
  await page.goto(`${registre.url}/etablissement/${cas.siret.demande}`);
  await page.emulateMedia({ media: "print" });
  for (const gone of [page.locator("#recherche"), page.getByRole("navigation", { name: "Principale" }), page.getByRole("button", { name: /Copier/ })])
    await expect(gone.first()).toBeHidden();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await capture(page, "page-etablissement-papier");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a page is whole, and has no button that does nothing", async ({ page, registre, cas }) => {
    await page.goto(`${registre.url}/entreprise/${cas.unite.organisation.siren}`);
    await expect(page.getByRole("heading", { level: 1 })).toContainText(cas.unite.organisation.nom);
    await expect(page.getByRole("button", { name: /Copier/ })).toHaveCount(0);
    await page.getByRole("link", { name: "Page suivante" }).click();
    await expect(page.getByRole("link", { name: "Première page" })).toBeVisible();
    await page.getByText(/^Enregistrement brut : \d+ colonnes/).first().click();
    await expect(page.getByText("etatAdministratifUniteLegale").first()).toBeVisible();
  });
});
