// Chromium in the hands of the audits. It reaches nothing but this machine, which every name below .example is, too.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach } from "node:test";

import { chromium } from "playwright-core";

const PATIENCE = 10_000; // milliseconds, for whatever is waited for

// Else Debian's Chromium keeps every cookie from other sites, and SameSite would have nothing to do.
const PREFERENCES = { profile: { cookie_controls_mode: 0 } };

/** A browser with a fresh profile until all tests have run; each test begins without cookies. */
export async function launch(executablePath) {
  const profile = await mkdtemp(join(tmpdir(), "chromium-"));
  await mkdir(join(profile, "Default"));
  await writeFile(join(profile, "Default/Preferences"), JSON.stringify(PREFERENCES));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath,
    chromiumSandbox: process.getuid() !== 0, // Chromium has none for root
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--host-resolver-rules=MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ],
  });
  browser.setDefaultTimeout(PATIENCE);
  beforeEach(() => browser.clearCookies());
  after(async () => {
    await browser.close();
    await rm(profile, { recursive: true });
  });
  return browser;
}
