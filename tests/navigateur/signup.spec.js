// The forms of the service itself, as an applicant fills them in.

import { accessible, capture, expect, sansDefilement, test } from "./banc.js";

const CLAMART = "21920023500014";

const ANSWERS = {
  "service.titre": "Tarifs de la cantine",
  "service.usage": "Calculer le tarif de chaque famille.",
  "delegue_protection_donnees.nom": "Camille FICTIF",
  "delegue_protection_donnees.email": "dpd.fictif@exemple.example",
  "responsable_traitement.nom": "Dominique EXEMPLE",
  "responsable_traitement.email": "responsable.exemple@exemple.example",
  "contact_technique.nom": "Claude SPECIMEN",
  "contact_technique.email": "technique.specimen@exemple.example",
  "fondement_juridique.reference": "Délibération du 1er mars",
  "fondement_juridique.document": "Signée, à demander en mairie.",
  "conservation.mois": "12",
  "conservation.destinataires": "Le service des écoles.",
};

async function fill(page) {
  for (const [name, answer] of Object.entries(ANSWERS)) await page.locator(`[name="${name}"]`).fill(answer);
  await page.getByLabel(/Quotient familial/).check();
  await page.getByLabel(/J'accepte les conditions/).check();
}

const receipt = (page) => page.getByRole("heading", { name: "Votre demande est enregistrée" });

test("a commune types its SIRET, and nothing else of the organisation", async ({ page, registre }) => {
  await page.goto(`${registre.url}/signup`);
  await accessible(page);
  await page.getByRole("link", { name: "API Particulier" }).click();
  await accessible(page);
  await fill(page);
  await page.getByLabel("Numéro SIRET de l'organisation").fill("219 200 235 00014");
  await expect(page.locator(".registre-fiche")).toContainText("CLAMART");
  await accessible(page);
  await capture(page, "signup-rempli");
  await page.getByRole("button", { name: "Déposer la demande" }).click();
  await expect(receipt(page)).toBeVisible();
  await expect(page.locator(".numero")).toHaveText(/^D-[0-9A-Z]{5}-[0-9A-Z]{5}$/);
  await expect(page.locator("main")).toContainText("92140 CLAMART");
  await accessible(page);
  await capture(page, "signup-recu");
  await page.getByRole("button", { name: /^Supprimer la demande/ }).click();
  await expect(page.getByRole("heading", { name: "Demande supprimée" })).toBeVisible();
});

test("each error leads to its question, and what was typed is kept", async ({ page, registre, attendues }) => {
  attendues.push(/status of 422/);
  await page.goto(`${registre.url}/signup/api-particulier`);
  await fill(page);
  await page.locator('[name="contact_technique.email"]').fill("technique");
  await page.getByRole("button", { name: "Déposer la demande" }).click();
  const summary = page.getByRole("alert").first();
  await expect(summary).toContainText("pas encore complète");
  await summary.getByRole("link", { name: /Adresse électronique/ }).click();
  const wrong = page.locator('[name="contact_technique.email"]');
  await expect(wrong).toBeFocused();
  await expect(wrong).toHaveValue("technique");
  await expect(page.getByLabel(/Quotient familial/)).toBeChecked();
  await accessible(page);
  await capture(page, "signup-erreurs");
});

test("at 320 pixels nothing scrolls sideways", async ({ page, registre }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  for (const path of ["/signup", "/signup/api-entreprise", "/demander-une-donnee"]) {
    await page.goto(registre.url + path);
    await sansDefilement(page);
    await accessible(page);
  }
  await capture(page, "demander-une-donnee-320");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a button shows the organisation, and the request is kept", async ({ page, registre }) => {
    await page.goto(`${registre.url}/signup/api-particulier`);
    await fill(page);
    await page.getByLabel("Numéro SIRET de l'organisation").fill(CLAMART);
    await page.getByRole("button", { name: "Vérifier" }).click();
    await expect(page.locator(".verification")).toContainText("92140 CLAMART");
    await expect(page.locator('[name="service.titre"]')).toHaveValue(ANSWERS["service.titre"]);
    await capture(page, "signup-sans-javascript");
    await page.getByRole("button", { name: "Déposer la demande" }).click();
    await expect(receipt(page)).toBeVisible();
  });
});
