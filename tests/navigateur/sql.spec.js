// The SQL page as an analyst uses it: writes with completion, runs by the keyboard, reads, draws, shares, downloads.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { accessible, capture, expect, sansDefilement, test } from "./banc.js";

const editor = (page) => page.getByRole("textbox", { name: "Requête SQL" });
const rows = (page) => page.locator("#tableau tbody tr");
const link = (registre, q) => `${registre.url}/sql?q=${encodeURIComponent(q)}`;

function has(program) {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** A page whose editor holds a query. */
async function open(page, registre, q) {
  await page.goto(link(registre, q));
  await expect(editor(page)).toBeVisible();
}

async function run(page) {
  await editor(page).focus();
  await page.keyboard.press("Control+Enter");
}

test("a query is written with completion, run by the keyboard, and its rows are announced", async ({ page, registre }) => {
  await page.goto(`${registre.url}/sql`);
  await accessible(page);
  await capture(page, "sql");
  await editor(page).focus();
  await page.keyboard.type("SELECT siret, etatAdministratifEtablissement FROM etabliss");
  const options = page.locator(".cm-tooltip-autocomplete li");
  // The list does not take a key that comes as it opens: it was meant for the text.
  const choose = async (...keys) => {
    await page.waitForTimeout(150);
    for (const key of [...keys, "Enter"]) await page.keyboard.press(key);
  };
  await expect(options.filter({ hasText: /^etablissement/ }).first()).toBeVisible();
  await choose();
  await page.keyboard.type(" WHERE etatAdm");
  await expect(options.first()).toContainText("etatAdministratifEtablissement");
  // What it means is beside it.
  await expect(page.locator(".cm-completionInfo")).toContainText("A actif, F fermé");
  await accessible(page);
  await capture(page, "sql-completion");
  await choose();
  await page.keyboard.type(" = '");
  await expect(options.filter({ hasText: "Fermé" })).toBeVisible();
  await choose("ArrowDown");
  await page.keyboard.press("Control+Enter");
  await expect(page.locator("#mesures")).toContainText(/\d lignes? en 0,\d+ s/);
  await expect(page.locator("#annonce")).toContainText(/lignes? en/);
  await expect(rows(page).first()).toContainText("F");
  await expect(page.locator("#q")).toHaveValue(/etatAdministratifEtablissement = 'F'$/);
  await rows(page).first().getByRole("link").click();
  await expect(page).toHaveURL(/\/\?id=\d{14}$/);
});

/** The place is `|`; the tables that are meant there, and what is written of a name. */
const PLACES = [
  ["SELECT | FROM etablissement e JOIN unite_legale AS u USING (siren), association", ["etablissement e", "unite_legale u", "association"]],
  ["SELECT e.si| FROM etablissement e", ["etablissement e"], { parent: "e", debut: "si" }],
  ["SELECT 1 FROM doublon; SELECT | FROM association", ["association"]],
  ["WITH t AS (SELECT 1) SELECT * FROM |", [], { propres: ["t"], attendTable: true }],
  ["SELECT * FROM (SELECT siren FROM etablissement WHERE |) x", ["etablissement"]],
  ["SELECT * FROM range(3) r, association WHERE |", ["association"]],
  ["SELECT 'it''s FROM x |", [], { dans: "texte" }],
  ["SELECT 1 -- FROM x |", [], { dans: "commentaire" }],
  ["FROM etablissement SELECT | WHERE true", ["etablissement"]],
  ["SELECT * FROM etablissement WHERE etat IN ('A', '|", ["etablissement"], { dans: "texte", comparee: "etat" }],
  ['SELECT "é|" FROM "la table" WHERE 1', ["la table"], { dans: "code" }],
];

test("the editor knows which tables are meant at a place of a query", async ({ page, registre }) => {
  await page.goto(`${registre.url}/sql`);
  const found = await page.evaluate(async (places) => {
    const { contexte } = await import("/sql/contexte.js");
    return places.map(([text]) => contexte(text.replace("|", ""), text.indexOf("|")));
  }, PLACES);
  for (const [at, [text, tables, besides]] of PLACES.entries()) {
    const named = found[at].tables.map(({ nom, alias }) => (alias ? `${nom} ${alias}` : nom));
    expect(named, text).toEqual(tables);
    expect(found[at], text).toMatchObject(besides ?? { dans: "code" });
  }
});

test("Tab leaves the editor", async ({ page, registre }) => {
  await open(page, registre, "SELECT 1");
  await editor(page).focus();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Exécuter" })).toBeFocused();
});

test("each example runs, and those with numbers are drawn", async ({ page, registre }) => {
  test.setTimeout(60_000);
  await page.goto(`${registre.url}/sql`);
  const examples = page.locator("[data-requete]");
  const count = await examples.count();
  expect(count).toBe(10);
  for (let at = 0; at < count; at++) {
    await examples.nth(at).click();
    await expect(examples.nth(at)).toHaveAttribute("aria-current", "true");
    await expect(page.locator("#mesures")).toContainText(/[1-9]\d* lignes? en/);
    await expect(rows(page).first()).toBeVisible();
    const draw = page.getByRole("button", { name: "Graphique" });
    if (await draw.isEnabled()) {
      await draw.click();
      await expect(page.locator("#graphique svg[role=img]")).toHaveAttribute("aria-label", /selon/);
    }
  }
});

test("the chart is chosen from the columns, changed by hand, and said in words", async ({ page, registre }) => {
  await page.goto(`${registre.url}/sql?exemple=departements`);
  await expect(rows(page).first()).toBeVisible();
  await page.getByRole("button", { name: "Graphique" }).click();
  await expect(page.locator("#graphique rect")).toHaveCount(30);
  await expect(page.locator("#graphique-note")).toContainText(/^Barres : etablissements selon departement, de 1 à/);
  await page.getByLabel("Valeur", { exact: true }).selectOption("sieges");
  await expect(page.locator("#graphique-note")).toContainText("sieges selon departement");
  await page.getByLabel("Forme", { exact: true }).selectOption("points");
  await expect(page.locator("#graphique circle").first()).toBeVisible();
  await accessible(page);
  await page.getByLabel("Forme", { exact: true }).selectOption("barres");
  await capture(page, "sql-barres");
  for (const [exemple, shape] of [["creations", "polyline"], ["autour", "circle"]]) {
    await page.goto(`${registre.url}/sql?exemple=${exemple}`);
    await expect(rows(page).first()).toBeVisible();
    await page.getByRole("button", { name: "Graphique" }).click();
    await expect(page.locator(`#graphique ${shape}`).first()).toBeVisible();
    await capture(page, `sql-${exemple}`);
  }
});

test("an error says where, and is underlined there", async ({ page, registre }) => {
  await open(page, registre, "SELECT siren,\n  colonne_absente\nFROM unite_legale");
  await run(page);
  await expect(page.getByRole("alert")).toContainText("colonne_absente");
  await expect(page.locator(".cm-faute")).toHaveText("colonne_absente");
  await accessible(page);
  await capture(page, "sql-erreur");
  await page.getByRole("button", { name: "Aller à l'erreur" }).click();
  await page.keyboard.press("Control+Shift+ArrowRight");
  await page.keyboard.type("denominationUniteLegale");
  await expect(page.locator(".cm-faute")).toHaveCount(0);
  await page.keyboard.press("Control+Enter");
  await expect(rows(page).first()).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("what is refused says why and what to do", async ({ page, registre, attendues }) => {
  attendues.push(/status of 403/);
  await open(page, registre, "SELECT * FROM read_csv('/etc/passwd')");
  await run(page);
  await expect(page.getByRole("alert")).toContainText("read_csv");
  await expect(page.getByRole("alert")).toContainText("SELECT");
  await expect(page.getByRole("link", { name: "sql_refusee" })).toHaveAttribute("href", "/docs#erreur-sql_refusee");
});

test("a long query is cancelled, and the next one runs", async ({ page, registre }) => {
  await open(page, registre, "SELECT count(*) FROM range(100000000) a, range(1000000) b WHERE a.range + b.range = 7");
  await run(page);
  await expect(page.getByRole("button", { name: "Calcul en cours…" })).toBeDisabled();
  await page.getByRole("button", { name: "Annuler" }).click();
  await expect(page.locator("#reponse")).toContainText("Requête annulée");
  await accessible(page);
  await editor(page).focus();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("SELECT 42 AS reponse");
  await page.keyboard.press("Control+Enter");
  await expect(rows(page)).toHaveText(["42"]);
});

test("a link shows its query and runs nothing before a hand does", async ({ page, context, registre, attendues }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page, registre, "SELECT 6 * 7 AS reponse");
  const asked = [];
  page.on("request", (request) => { if (new URL(request.url()).pathname === "/v1/sql") asked.push(request); });
  await expect(page.locator("#annonce")).toContainText("Requête du lien prête");
  expect(asked).toEqual([]);
  await page.getByRole("button", { name: "Copier le lien" }).click();
  const short = await page.evaluate(() => navigator.clipboard.readText());
  expect(short).toBe(link(registre, "SELECT 6 * 7 AS reponse").replaceAll("%20", "+"));
  const other = await context.newPage();
  await other.goto(short);
  await expect(other.locator("#q")).toHaveValue("SELECT 6 * 7 AS reponse");
  await run(other);
  await expect(rows(other)).toHaveText(["42"]);
  // Too long for an address: after the #, compressed.
  const long = `SELECT ${Array.from({ length: 400 }, (_, at) => `'é${at}' AS c${at}`).join(", ")}`;
  await other.goto(`${registre.url}/sql`);
  await editor(other).focus();
  await other.keyboard.insertText(long);
  await other.getByRole("button", { name: "Copier le lien" }).click();
  await expect.poll(() => other.url()).toContain("#z=");
  const packed = other.url();
  const third = await context.newPage();
  await third.goto(packed);
  await expect(third.locator("#q")).toHaveValue(long);
  await run(third);
  await expect(rows(third)).toHaveCount(1);
  // A mangled one is an empty editor.
  await third.goto("about:blank");
  await third.goto(`${registre.url}/sql#z=AAAA`);
  await expect(third.locator("#q")).toHaveValue("");
});

test("a link of another site that would run shows only", async ({ page, registre, site }) => {
  await page.goto(site.page(`<a href="${registre.url}/sql?q=SELECT+42&amp;executer=oui">Voir</a>`));
  await page.getByRole("link", { name: "Voir" }).click();
  await expect(page).toHaveURL(`${registre.url}/sql?q=SELECT+42`);
  await expect(page.locator("#q")).toHaveValue("SELECT 42");
});

test("each format is downloaded by the service, not by the page", async ({ page, registre }) => {
  await open(page, registre, "SELECT siret, dateCreationEtablissement FROM etablissement ORDER BY siret LIMIT 5");
  await run(page);
  await expect(rows(page)).toHaveCount(5);
  const begins = {
    CSV: (bytes) => bytes.toString().startsWith("siret,dateCreationEtablissement\r\n"),
    JSON: (bytes) => JSON.parse(bytes.toString()).lignes.length === 5,
    NDJSON: (bytes) => JSON.parse(bytes.toString().split("\n")[5]).fin === true,
    Parquet: (bytes) => bytes.subarray(0, 4).toString() === "PAR1" && bytes.subarray(-4).toString() === "PAR1",
    // An Arrow stream: a continuation, then the length of the schema.
    Arrow: (bytes) => bytes.readUInt32LE(0) === 0xffffffff && bytes.readInt32LE(4) > 0,
  };
  for (const [format, right] of Object.entries(begins)) {
    const begun = page.waitForEvent("download");
    await page.locator("#telecharger").getByRole("button", { name: format, exact: true }).click();
    const download = await begun;
    expect(download.suggestedFilename()).toBe(`resultat.${format.toLowerCase()}`);
    expect(right(await readFile(await download.path())), format).toBe(true);
  }
});

test("a hundred thousand rows are read as they come, and the first of them kept", async ({ page, context, registre }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page, registre, "SELECT range AS n, CASE WHEN range % 3 = 0 THEN NULL WHEN range % 3 = 1 THEN '' ELSE 'x' END AS t FROM range(100000)");
  await run(page);
  await expect(page.locator("#tronque")).toContainText("garde les 50 000 premières lignes");
  await expect(rows(page)).toHaveCount(100);
  await expect(rows(page).nth(0)).toContainText("null");
  await expect(rows(page).nth(1)).toContainText("(texte vide)");
  await page.getByRole("button", { name: "Suivantes" }).click();
  await expect(rows(page).first()).toContainText("100");
  const n = page.getByRole("button", { name: "n bigint" });
  await n.click();
  await n.click();
  await expect(page.locator("th[aria-sort=descending]")).toHaveCount(1);
  await expect(rows(page).first()).toContainText("49999");
  await accessible(page);
  await capture(page, "sql-pages");
  await page.getByRole("button", { name: "Copier pour un tableur" }).click();
  await expect(page.getByRole("button", { name: "Copié" })).toBeVisible();
  const copied = (await page.evaluate(() => navigator.clipboard.readText())).split("\n");
  expect([copied[0], copied[1], copied.length]).toEqual(["n\tt", "49999\t", 50_001]);
});

test("the same query elsewhere, and the queries of this browser", async ({ page, registre }) => {
  await open(page, registre, "SELECT count(*) AS n FROM unite_legale WHERE sigleUniteLegale = 'L''ÉTÉ'");
  await run(page);
  await expect(rows(page)).toHaveCount(1);
  const snippet = page.locator("#extrait");
  await expect(snippet).toContainText(`${registre.url}/v1/sql?format=csv`);
  for (const [name, holds] of [["Python", "read_parquet"], ["R", 'r"(SELECT'], ["DuckDB", "/parquet/unite_legale.parquet"], ["registre", "registre sql"]]) {
    await page.locator("#langages").getByRole("button", { name, exact: true }).click();
    await expect(snippet).toContainText(holds);
    await expect(snippet).toContainText("'L''ÉTÉ'");
  }
  // As it is given: a shell, curl, and the service.
  await page.locator("#langages").getByRole("button", { name: "curl", exact: true }).click();
  const folder = mkdtempSync(path.join(tmpdir(), "registre-extrait-"));
  try {
    if (has("curl")) {
      execFileSync("sh", ["-c", await snippet.textContent()], { cwd: folder, stdio: "ignore" });
      expect(readFileSync(path.join(folder, "resultat.csv"), "utf8")).toBe("n\r\n0\r\n");
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  await page.getByText("Vos requêtes").click();
  await expect(page.locator("#historique li")).toHaveCount(1);
  await page.getByRole("button", { name: "Tout effacer" }).click();
  await expect(page.locator("#historique li")).toHaveCount(0);
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
});

test("the tables say what they hold, and a name goes to the query", async ({ page, registre }) => {
  await open(page, registre, "SELECT ");
  await page.getByText("Tables et colonnes").click();
  await page.locator("#tables summary", { hasText: /^association$/ }).click();
  await expect(page.locator("#tables")).toContainText("Numéro RNA");
  await accessible(page);
  await capture(page, "sql-tables");
  await editor(page).focus();
  await page.keyboard.press("Control+End");
  await page.locator("#tables").getByRole("button", { name: "date_creat", exact: true }).click();
  await expect(page.locator("#q")).toHaveValue("SELECT date_creat");
});

test("at 320 pixels nothing scrolls sideways but the table", async ({ page, registre }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto(`${registre.url}/sql?exemple=activites`);
  await expect(rows(page).first()).toBeVisible();
  await sansDefilement(page);
  await accessible(page);
  await capture(page, "sql-320");
  await page.getByRole("button", { name: "Graphique" }).click();
  await sansDefilement(page);
});

test("where one prefers the dark, contrasts hold", async ({ page, registre }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`${registre.url}/sql?exemple=tailles`);
  await expect(rows(page).first()).toBeVisible();
  await accessible(page);
  await capture(page, "sql-sombre");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the form runs the query, and its first rows are in the page", async ({ page, registre }) => {
    await page.goto(`${registre.url}/sql`);
    await page.getByRole("link", { name: "Les entreprises par catégorie" }).click();
    const area = page.getByRole("textbox", { name: "Requête SQL" });
    await expect(area).toHaveValue(/FROM unite_legale/);
    await expect(page.locator("table")).toHaveCount(0);
    await area.fill("SELECT siret, enseigne1Etablissement FROM etablissement ORDER BY siret LIMIT 150");
    await page.getByRole("button", { name: "Exécuter" }).click();
    await expect(page.locator("tbody tr")).toHaveCount(100);
    await expect(page.locator("caption")).toContainText("100 lignes");
    await expect(area).toHaveValue(/LIMIT 150$/);
    await expect(page.getByRole("link", { name: "csv" })).toHaveAttribute("href", /format=csv/);
    await capture(page, "sql-sans-javascript");
    await area.fill("SELECT rien FROM etablissement");
    await page.getByRole("button", { name: "Exécuter" }).click();
    await expect(page.locator(".alerte")).toContainText("rien");
    await expect(area).toHaveValue("SELECT rien FROM etablissement");
  });
});
