// The guide: its demonstration, its examples as they are given, and what it says of paths.

import { readFile } from "node:fs/promises";
import { accessible, capture, expect, sansDefilement, test } from "./banc.js";

test("the demonstration fills the form and shows what would be sent", async ({ page, registre }) => {
  await page.goto(`${registre.url}/integration`);
  await page.getByRole("button", { name: "un SIRET" }).click();
  await expect(page.getByLabel("Code postal")).toHaveValue("75007");
  await expect(page.locator("#envoi")).toContainText("organisation_resultat = trouve");
  await accessible(page);
  await capture(page, "integration");
  // The examples name this server.
  await expect(page.locator("pre code").first()).toContainText(`${registre.url}/widget/registre-organisation.js`);
});

test("at 320 pixels the guide is read without scrolling sideways", async ({ page, registre }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto(`${registre.url}/integration`);
  await sansDefilement(page);
  await accessible(page);
  await capture(page, "integration-320");
});

test("the example in HTML works as it is given", async ({ page, registre, site, cas }) => {
  const example = await readFile(new URL("../../query-api/ui/integration/exemple.html", import.meta.url), "utf8");
  await page.goto(site.page(example.replaceAll("https://registre.example", registre.url)));
  await page.getByLabel("SIRET de votre organisation").fill(cas.siret.demande);
  await page.getByLabel("SIRET de votre organisation").blur();
  await expect(page.getByLabel("Nom")).toHaveValue(cas.siret.organisation.nom);
  await expect(page.getByLabel("Activité")).toHaveValue(/^\d\d\.\d\d[A-Z]$/);
  await accessible(page);
});

test("each path that the guide names leads somewhere", async ({ page, registre, cas }) => {
  await page.goto(`${registre.url}/integration`);
  const paths = await page.locator("[data-chemin]").allTextContents();
  expect(paths.length).toBeGreaterThan(20);
  const composed = await page.evaluate(async () => Object.keys((await import("/widget/champs.js")).COMPOSES));
  const leads = (path) =>
    composed.includes(path) ||
    path.split(".").reduce((at, name) => (at && name in at ? (at[name] ?? {}) : null), cas.siret.organisation) !== null;
  const missing = paths.filter((path) => !leads(path));
  expect(missing).toEqual([]);
});

test("every page leads to the guide, and axe has nothing to say of any", async ({ page, registre }) => {
  for (const path of ["/", "/?id=13002526500013", "/donnees", "/integration"]) {
    await page.goto(registre.url + path);
    await expect(page.getByRole("navigation", { name: "Principale" }).getByRole("link", { name: "Intégrer" })).toBeVisible();
    await accessible(page);
  }
});
