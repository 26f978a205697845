// What a spec file needs: `import { test, expect, accessible, capture } from "./banc.js"`.
//
//   registre     the service on the sample: { url, another(options) }
//   cas          an identifier of each situation, see situations.js
//   site         a page of another origin: site.page(html) gives its address; site.received, the forms posted
//   detour       a way to the service that may be cut (couper, retablir) or slow (lent)
//
// A test fails when its page logs an error that it did not announce by `attendues.push(/…/)`.

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect } from "@playwright/test";
import { sample } from "./serveur.js";
import { detour, site } from "./site.js";
import { situations } from "./situations.js";

export { expect };

const CAPTURES = fileURLToPath(new URL("../../target/captures/", import.meta.url));

export const test = base.extend({
  registre: [
    async ({}, use) => {
      const service = await sample();
      await use(service);
      await service.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  cas: [
    async ({ registre }, use) => use(await situations(registre)),
    { scope: "worker", timeout: 120_000 },
  ],
  site: async ({ registre }, use) => {
    const other = await site(registre.url);
    await use(other);
    await other.stop();
  },
  detour: async ({ registre }, use) => {
    const way = await detour(registre.url);
    await use(way);
    await way.stop();
  },
  // A number that is unknown or wrong is answered 404 or 400, which Chromium logs as an error.
  attendues: [
    async ({ page }, use) => {
      const expected = [/status of 40[04]/];
      const errors = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
      });
      await use(expected);
      expect(errors.filter((text) => !expected.some((pattern) => pattern.test(text)))).toEqual([]);
    },
    { auto: true },
  ],
});

/** No violation of WCAG 2.1 A or AA that axe can see. */
export async function accessible(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]).analyze();
  const said = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join("\n  ")}`);
  expect(said).toEqual([]);
}

/** A picture of the whole page, kept in target/captures/. */
export async function capture(page, name) {
  await mkdir(CAPTURES, { recursive: true });
  await page.screenshot({ path: `${CAPTURES}${name}.png`, fullPage: true });
}

/** Nothing is wider than the window. */
export async function sansDefilement(page) {
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  expect(wide).toBeLessThanOrEqual(window);
}
