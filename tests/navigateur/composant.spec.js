// <registre-organisation> in the form of another site, as an applicant meets it.

import { readFile } from "node:fs/promises";
import { accessible, capture, expect, sansDefilement, test } from "./banc.js";

const FIELDS = `
  <p><label>Nom <input name="nom" data-registre="nom"></label></p>
  <p><label>Voie <input name="voie" data-registre="voie"></label></p>
  <p><label>Code postal <input name="code_postal" data-registre="adresse.code_postal"></label></p>
  <p><label>Commune <input name="ville"></label></p>
  <p><label>Adresse <textarea name="adresse" data-registre="adresse.lignes"></textarea></label></p>
  <p><label><input type="checkbox" name="siege" value="1" data-registre="est_siege"> Siège</label></p>
  <p>Mes données sont du <output data-registre="donnees.sirene"></output></p>`;

const form = (service, attributes = "", inside = "", rest = FIELDS) => `
  <script type="module" src="${service}/widget/registre-organisation.js"></script>
  <form method="post" action="/recu">
    <registre-organisation name="organisation" champs='{"ville": "commune"}' ${attributes}>${inside}</registre-organisation>
    ${rest}
    <button>Envoyer</button>
  </form>`;

const field = (page) => page.getByRole("combobox");
const message = (page) => page.locator(".registre-message");
const status = (page) => page.locator("registre-organisation").getByRole("status");
const result = (page) => page.locator("input[name=organisation_resultat]");
const paste = async (page, text) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  await field(page).focus();
  await page.keyboard.press("ControlOrMeta+v");
};

test.describe("each result shows its own message and what to do", () => {
  for (const name of ["trouve", "ferme", "doublon", "diffusion_partielle", "inconnu", "invalide"]) {
    test(name, async ({ page, registre, site, cas }) => {
      const asked = name === "trouve" ? cas.siret.demande : (cas[name].demande ?? cas[name]);
      const response = await fetch(`${registre.url}/v1/organisations/${asked}`);
      const answer = await response.json();
      expect(answer.resultat).toBe(name);

      await page.goto(site.page(form(registre.url)));
      await field(page).fill(asked);
      await field(page).blur();
      await expect(message(page)).toContainText(answer.message);
      await expect(result(page)).toHaveValue(name);
      // What the service says to whoever receives the form is said to the applicant.
      const advice = {
        trouve: "Vérifiez que c'est bien votre organisation.",
        ferme: "Saisissez le numéro d'une organisation en activité",
        diffusion_partielle: "Indiquez vous-même le nom et l'adresse",
      };
      await expect(message(page)).toContainText(advice[name] ?? answer.que_faire);
      await expect(status(page)).toContainText(answer.message);
      await expect(field(page)).toHaveAttribute("aria-invalid", String(name === "invalide"));
      const described = await field(page).getAttribute("aria-describedby");
      await expect(page.locator(`#${described.split(" ").at(-1)}`)).toContainText(answer.message);

      const card = page.locator(".registre-fiche");
      if (answer.organisation) {
        if (answer.organisation.nom) await expect(card).toContainText(answer.organisation.nom);
        for (const line of answer.organisation.adresse?.lignes ?? []) await expect(card).toContainText(line);
      } else await expect(card).toHaveCount(0);
      await expect(page.locator("body")).not.toContainText("[ND]");
      const filled = ["trouve", "diffusion_partielle"].includes(name) ? (answer.organisation.adresse?.code_postal ?? "") : "";
      await expect(page.locator("[name=code_postal]")).toHaveValue(filled);

      await accessible(page);
      await capture(page, `composant-${name}`);
    });
  }
});

test("a pasted number with its spaces fills the form, which sends it without", async ({ page, registre, site, cas }) => {
  const { organisation, demande } = cas.siret;
  await page.goto(site.page(form(registre.url)));
  await paste(page, ` ${demande.slice(0, 3)} ${demande.slice(3, 6)}\u00a0${demande.slice(6, 9)}.${demande.slice(9)}-`);
  await expect(page.getByLabel("Nom", { exact: true })).toHaveValue(organisation.nom);
  await expect(page.getByLabel("Code postal")).toHaveValue(organisation.adresse.code_postal);
  await expect(page.getByLabel("Commune")).toHaveValue(organisation.adresse.libelle_commune);
  await expect(page.getByLabel("Voie")).toHaveValue(new RegExp(organisation.adresse.libelle_voie));
  await expect(page.getByLabel("Adresse")).toHaveValue(organisation.adresse.lignes.join("\n"));
  await expect(page.getByLabel("Siège")).toBeChecked({ checked: organisation.est_siege });
  await expect(page.locator("output")).toHaveText(/^\d{4}-\d\d-\d\d$/);
  await page.getByRole("button", { name: "Envoyer" }).click();
  await expect(page.getByRole("heading", { name: "Demande reçue" })).toBeVisible();
  expect(site.received).toEqual([
    {
      organisation: demande,
      organisation_resultat: "trouve",
      nom: organisation.nom,
      voie: expect.stringContaining(organisation.adresse.libelle_voie),
      code_postal: organisation.adresse.code_postal,
      ville: organisation.adresse.libelle_commune,
      adresse: organisation.adresse.lignes.join("\r\n"),
      ...(organisation.est_siege ? { siege: "1" } : {}),
    },
  ]);
});

test("what the applicant wrote is kept and said, and may be replaced", async ({ page, registre, site, cas }) => {
  await page.goto(site.page(form(registre.url)));
  const code = page.getByLabel("Code postal");
  await code.fill("00000");
  await field(page).fill(cas.siret.demande);
  await field(page).blur();
  const kept = page.locator(".registre-garde");
  await expect(kept).toContainText(`Code postal : « 00000 » ; le répertoire dit « ${cas.siret.organisation.adresse.code_postal} »`);
  await expect(code).toHaveValue("00000");
  await accessible(page);
  await capture(page, "composant-champ-garde");
  await kept.getByRole("button").click();
  await expect(code).toHaveValue(cas.siret.organisation.adresse.code_postal);
  await expect(kept).toHaveCount(0);
  await expect(field(page)).toBeFocused();

  // Another organisation takes the place of the first, but not of what was corrected since.
  await page.getByLabel("Voie").fill("ICI");
  await field(page).fill(cas.autre.demande);
  await field(page).blur();
  await expect(code).toHaveValue(cas.autre.organisation.adresse.code_postal);
  await expect(page.getByLabel("Voie")).toHaveValue("ICI");
  // A number being corrected is nobody's: what was filled goes, what was written stays.
  await field(page).fill(cas.autre.demande.slice(0, 12));
  await expect(code).toHaveValue("");
  await expect(page.getByLabel("Voie")).toHaveValue("ICI");
});

test("a wrong number is not shouted at before it is whole", async ({ page, registre, site, cas }) => {
  await page.goto(site.page(form(registre.url)));
  await field(page).pressSequentially(cas.siret.demande.slice(0, 8));
  await page.waitForTimeout(1200);
  await expect(message(page)).toHaveCount(0);
  await field(page).pressSequentially(cas.siret.demande.slice(8));
  await expect(result(page)).toHaveValue("trouve");
  // Fourteen digits are there, and the key is wrong: it is said before the field is left.
  await field(page).fill("");
  await field(page).pressSequentially(cas.invalide);
  await expect(message(page)).toContainText("Numéro incorrect");
  await expect(field(page)).toBeFocused();
});

test("the successor of a closed établissement is one press away", async ({ page, registre, site, cas }) => {
  const next = cas.successeur.organisation.succession.siret_actuel;
  await page.goto(site.page(form(registre.url)));
  await field(page).fill(cas.successeur.demande);
  await field(page).blur();
  await expect(result(page)).toHaveValue("ferme");
  await capture(page, "composant-successeur");
  await page.getByRole("button", { name: /en a pris la suite/ }).click();
  await expect(page.locator("input[name=organisation]")).toHaveValue(next);
  await expect(result(page)).toHaveValue(/trouve|diffusion_partielle/);
  await expect(field(page)).toBeFocused();
});

test("with the keyboard alone: a doublon, its reference, the établissements of a unit, the form sent", async ({ page, registre, site, cas }) => {
  await page.goto(site.page(form(registre.url)));
  await page.keyboard.press("Tab");
  await expect(field(page)).toBeFocused();
  await page.keyboard.type(cas.doublon.demande);
  await page.keyboard.press("Enter");
  await expect(result(page)).toHaveValue("doublon");
  await page.keyboard.press("ArrowDown");
  await expect(field(page)).toHaveAttribute("aria-expanded", "true");
  await expect(page.getByRole("option", { selected: true })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(field(page)).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(result(page)).not.toHaveValue("doublon");

  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(cas.unite.demande);
  await page.keyboard.press("Enter");
  await expect(message(page)).toContainText("est active");
  await page.keyboard.press("ArrowDown");
  const options = page.getByRole("option");
  await expect(options).toHaveCount(21);
  await accessible(page);
  await capture(page, "composant-liste");
  await page.keyboard.press("ArrowUp");
  await expect(page.getByRole("option", { selected: true })).toContainText("Voir les suivants");
  await page.keyboard.press("Enter");
  await expect.poll(() => options.count()).toBeGreaterThan(21);
  await page.keyboard.press("ArrowDown");
  const active = await field(page).getAttribute("aria-activedescendant");
  const chosen = page.locator(`#${active}`);
  await expect(chosen).toHaveAttribute("aria-selected", "true");
  await expect(chosen).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.locator("input[name=organisation]")).toHaveValue(new RegExp(`^${cas.unite.organisation.siren}\\d{5}$`));
  await expect(result(page)).toHaveValue("trouve");
  await expect(field(page)).toBeFocused();
  // Verified: the next Enter sends the form, as in any field.
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Demande reçue" })).toBeVisible();
  expect(site.received[0].organisation_resultat).toBe("trouve");
});

test("the number certainly meant is proposed, never put in by itself", async ({ page, registre, site, cas }) => {
  await page.goto(site.page(form(registre.url)));
  await field(page).fill(cas.faute);
  await field(page).blur();
  await expect(result(page)).toHaveValue("invalide");
  await expect(field(page)).toHaveValue(cas.faute);
  await page.getByRole("button", { name: /vouliez sans doute saisir/ }).click();
  await expect(result(page)).toHaveValue("trouve");
  await expect(page.locator("input[name=organisation]")).toHaveValue(cas.siret.demande);
});

test("the service is down: the applicant goes on, and it is verified once the service is back", async ({ page, registre, site, detour, cas, attendues }) => {
  attendues.push(/ERR_CONNECTION_REFUSED/);
  await page.goto(site.page(form(registre.url, `api="${detour.url}"`), [detour.url]));
  await detour.couper();
  await field(page).fill(cas.siret.demande);
  await field(page).blur();
  await expect(message(page)).toContainText("ne répond pas");
  await expect(message(page)).toContainText("Vous pouvez continuer");
  await expect(result(page)).toHaveValue("non_verifie");
  await accessible(page);
  await capture(page, "composant-service-injoignable");
  await page.getByLabel("Nom", { exact: true }).fill("NOM EXEMPLE");
  // It comes back: nobody presses anything.
  await detour.retablir();
  await expect(result(page)).toHaveValue("trouve");
  await expect(page.getByLabel("Nom", { exact: true })).toHaveValue("NOM EXEMPLE");
  await expect(page.locator(".registre-garde")).toContainText("NOM EXEMPLE");
});

test("the service stays down: the form is sent, and says that the number is not verified", async ({ page, registre, site, detour, cas, attendues }) => {
  attendues.push(/ERR_CONNECTION_REFUSED/);
  await page.goto(site.page(form(registre.url, `api="${detour.url}"`), [detour.url]));
  await detour.couper();
  await field(page).fill(cas.siret.demande);
  await page.keyboard.press("Enter");
  await expect(message(page)).toContainText("ne répond pas");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Demande reçue" })).toBeVisible();
  expect(site.received[0]).toMatchObject({ organisation: cas.siret.demande, organisation_resultat: "non_verifie" });
});

test("the network comes back: it is verified at once", async ({ page, context, registre, site, cas, attendues }) => {
  attendues.push(/ERR_INTERNET_DISCONNECTED/);
  await page.goto(site.page(form(registre.url)));
  await expect(field(page)).toBeVisible();
  await context.setOffline(true);
  await field(page).fill(cas.siret.demande);
  await field(page).blur();
  await expect(result(page)).toHaveValue("non_verifie");
  await expect(message(page)).toContainText("ne répond pas");
  await context.setOffline(false);
  await expect(result(page)).toHaveValue("trouve", { timeout: 2500 });
});

test("a slow service is waited for, then not", async ({ page, registre, site, detour, cas }) => {
  await page.goto(site.page(form(registre.url, `api="${detour.url}" delai="1500"`), [detour.url]));
  detour.lent(800);
  await field(page).fill(cas.siret.demande);
  await field(page).blur();
  await expect(page.locator("registre-organisation")).toHaveAttribute("data-occupe", "");
  await expect(status(page)).toHaveText("Vérification en cours");
  await expect(result(page)).toHaveValue("non_verifie");
  await capture(page, "composant-attente");
  await expect(result(page)).toHaveValue("trouve");
  detour.lent(5000);
  await field(page).fill(cas.autre.demande);
  await field(page).blur();
  await expect(message(page)).toContainText("met trop de temps");
  await expect(result(page)).toHaveValue("non_verifie");
  await capture(page, "composant-service-lent");
});

test("only the last of what is typed is answered", async ({ page, registre, site, detour, cas }) => {
  await page.goto(site.page(form(registre.url, `api="${detour.url}"`), [detour.url]));
  detour.lent(1000);
  await field(page).fill(cas.siret.demande);
  await field(page).blur();
  await expect.poll(() => detour.demandes.length).toBe(1);
  detour.lent(0);
  await field(page).fill(cas.autre.demande);
  await field(page).blur();
  await expect(page.locator("input[name=organisation]")).toHaveValue(cas.autre.demande);
  await expect(page.getByLabel("Nom", { exact: true })).toHaveValue(cas.autre.organisation.nom);
  await page.waitForTimeout(1500);
  await expect(page.getByLabel("Nom", { exact: true })).toHaveValue(cas.autre.organisation.nom);
  // Typed digit after digit, one question is asked.
  const before = detour.demandes.length;
  await field(page).fill("");
  await field(page).pressSequentially(cas.siret.demande, { delay: 20 });
  await expect(result(page)).toHaveValue("trouve");
  expect(detour.demandes.length - before).toBe(1);
});

test("a client that is limited is told so, and goes on", async ({ page, registre, site, cas, attendues }) => {
  attendues.push(/status of 429/);
  const limited = await registre.another(["--rate-limit", "1/h"]);
  // The only answer of the hour.
  await fetch(`${limited}/v1/organisations/${cas.siret.demande}`);
  await page.goto(site.page(form(registre.url, `api="${limited}"`), [limited]));
  await field(page).fill(cas.autre.demande);
  await field(page).blur();
  await expect(message(page)).toContainText("Trop de vérifications");
  await expect(result(page)).toHaveValue("non_verifie");
  await capture(page, "composant-limite");
  await page.getByRole("button", { name: "Envoyer" }).click();
  await expect.poll(() => site.received[0]?.organisation_resultat).toBe("non_verifie");
});

test("at 320 pixels nothing is wider than the window", async ({ page, registre, site, cas }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto(site.page(form(registre.url)));
  await field(page).fill(cas.unite.demande);
  await field(page).blur();
  await expect(message(page)).toBeVisible();
  await page.getByRole("button", { name: /Choisir un établissement/ }).click();
  await expect(page.getByRole("option").nth(5)).toBeVisible();
  await sansDefilement(page);
  await accessible(page);
  await capture(page, "composant-320");
});

test("a form that is reset, and a value put in by a script", async ({ page, registre, site, cas }) => {
  await page.goto(site.page(form(registre.url)));
  await page.evaluate((id) => {
    window.recus = [];
    for (const name of ["registre:resultat", "registre:champs", "registre:efface"])
      document.addEventListener(name, (event) => window.recus.push([name, event.detail?.resultat ?? event.detail?.gardes?.length ?? null]));
    document.querySelector("registre-organisation").value = id;
  }, cas.siret.demande);
  await expect(result(page)).toHaveValue("trouve");
  await page.evaluate(() => document.forms[0].reset());
  await expect(field(page)).toHaveValue("");
  await expect(result(page)).toHaveValue("non_verifie");
  await expect(message(page)).toHaveCount(0);
  expect(await page.evaluate(() => window.recus)).toEqual([
    ["registre:champs", 0],
    ["registre:resultat", "trouve"],
    ["registre:efface", null],
  ]);
});

test("a value given by the server is verified when the page opens", async ({ page, registre, site, cas }) => {
  const inside = `<label for="s">SIRET</label><input id="s" name="organisation" value="${cas.siret.demande}" aria-describedby="aide"><span id="aide">Quatorze chiffres</span>`;
  await page.goto(site.page(form(registre.url, "", inside)));
  await expect(result(page)).toHaveValue("trouve");
  await expect(page.getByLabel("SIRET", { exact: true })).toHaveAttribute("aria-describedby", /^aide /);
});

test("dark, where the page is", async ({ page, registre, site, cas }) => {
  await page.goto(site.page(form(registre.url, 'theme="auto"')));
  await page.emulateMedia({ colorScheme: "dark" });
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("body { background: #161616; color: #fff }");
    document.adoptedStyleSheets.push(sheet);
  });
  await field(page).fill(cas.ferme.demande);
  await field(page).blur();
  await expect(result(page)).toHaveValue("ferme");
  await accessible(page);
  await capture(page, "composant-sombre");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("it is an ordinary field, which is sent, and the service's page verifies it", async ({ page, registre, site, cas }) => {
    const example = await readFile(new URL("../../query-api/ui/integration/exemple.html", import.meta.url), "utf8");
    await page.goto(site.page(example.replaceAll("https://registre.example", registre.url)));
    await page.getByLabel("SIRET de votre organisation").fill(cas.siret.demande);
    await capture(page, "composant-sans-javascript");
    const link = page.getByRole("link", { name: /Vérifier un numéro/ });
    const [opened] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
    await opened.getByRole("textbox").fill(cas.siret.demande);
    await opened.getByRole("button", { name: "Rechercher" }).click();
    await expect(opened.getByRole("heading", { level: 1 })).toContainText(cas.siret.organisation.nom);
    await opened.close();
    await page.getByRole("button", { name: "Envoyer" }).click();
    await expect(page.getByRole("heading", { name: "Demande reçue" })).toBeVisible();
    expect(site.received[0].organisation).toBe(cas.siret.demande);
    expect(site.received[0]).not.toHaveProperty("organisation_resultat");
  });
});
