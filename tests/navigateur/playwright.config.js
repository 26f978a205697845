// Debian's Chromium rather than a download of Playwright's own; see README, "Browser tests".

import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: ".",
  outputDir: "../../target/navigateur",
  // Two cores, and one server on the sample for all: see banc.js.
  workers: 1,
  // Seen once: Chromium did not close a page that was leaving. Said as flaky, not hidden.
  retries: 1,
  timeout: 30_000,
  expect: { timeout: 10_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [["list"]],
  use: {
    viewport: { width: 1024, height: 900 },
    locale: "fr-FR",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      // As root in a container, and without a call to anyone.
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
