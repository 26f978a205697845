// The dictionary and the page of files: read by anyone, with or without JavaScript, on a phone too.

import { accessible, capture, expect, sansDefilement, test } from "./banc.js";

test("the dictionary says of a column its meaning, its source and an example", async ({ page, registre }) => {
  await page.goto(`${registre.url}/donnees`);
  const summary = page.getByText(/^Dictionnaire de ses \d+ colonnes$/).nth(1);
  await summary.focus();
  await page.keyboard.press("Enter");
  const row = page.locator('tr[id="etablissement.codeCommuneEtablissement"]');
  await expect(row).toContainText("Code de la commune au code officiel géographique");
  await expect(row).toContainText("StockEtablissement (Insee), colonne codeCommuneEtablissement");
  await expect(row).toContainText("75107");
  await accessible(page);
  await capture(page, "dictionnaire");
});

test("every table has its dictionary, its file and its schema", async ({ page, registre }) => {
  await page.goto(`${registre.url}/donnees`);
  const tables = await page.locator("section h3 code").allTextContents();
  expect(tables.length).toBeGreaterThan(8);
  for (const table of tables) {
    const schema = await page.request.get(`${registre.url}/donnees/${table}.schema.json`);
    const { fields } = await schema.json();
    const rows = page.locator(`tr[id^="${table}."]`);
    await expect(rows).toHaveCount(fields.length);
    const file = await page.request.head(`${registre.url}/parquet/${table}.parquet`);
    expect(file.headers()["accept-ranges"]).toBe("bytes");
  }
});

test("an example of the page of files is copied, with this server's address", async ({ page, registre, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`${registre.url}/parquet`);
  await page.getByRole("button", { name: "Copier" }).first().click();
  await expect(page.getByRole("status")).toHaveText("Exemple copié.");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain(`${registre.url}/parquet/etablissement.parquet`);
  await accessible(page);
  await capture(page, "telecharger");
});

test("at 320 pixels both pages are read without scrolling sideways", async ({ page, registre }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  for (const path of ["/donnees", "/parquet"]) {
    await page.goto(registre.url + path);
    for (const details of await page.locator("details").all()) await details.evaluate((one) => (one.open = true));
    await sansDefilement(page);
    await accessible(page);
    await capture(page, `${path.slice(1)}-320`);
  }
});

test("without JavaScript the examples name the server and a file is downloaded", async ({ browser, registre }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${registre.url}/parquet`);
  await expect(page.locator("pre code").first()).toContainText(`${registre.url}/parquet/etablissement.parquet`);
  await expect(page.getByRole("button")).toHaveCount(0);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "doublon.parquet", exact: true }).click();
  expect((await download).suggestedFilename()).toBe("doublon.parquet");
  await page.goto(`${registre.url}/donnees`);
  await page.getByText(/^Dictionnaire de ses \d+ colonnes$/).first().click();
  await expect(page.locator('tr[id="unite_legale.siren"]')).toBeVisible();
  await context.close();
});

test("a page of another site reads a range and what it is", async ({ page, registre, site }) => {
  await page.goto(site.page("<h1>Autre site</h1>"));
  const read = await page.evaluate(async (url) => {
    const answer = await fetch(url, { headers: { Range: "bytes=-4" } });
    return [answer.status, await answer.text(), answer.headers.get("content-range"), answer.headers.get("etag")];
  }, `${registre.url}/parquet/doublon.parquet`);
  expect(read[0]).toBe(206);
  expect(read[1]).toBe("PAR1");
  expect(read[2]).toMatch(/^bytes \d+-\d+\/\d+$/);
  expect(read[3]).toMatch(/^"[0-9a-f]{64}"$/);
});
