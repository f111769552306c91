// Launches Chromium for the audits. It can reach only this machine, to which every name below .example resolves.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach } from "node:test";

import { chromium } from "playwright-core";

const TIMEOUT = 30_000; // milliseconds, on a machine that runs other audits at the same time

// Allow third-party cookies, which Debian's Chromium blocks, so that SameSite alone decides.
const PREFERENCES = { profile: { cookie_controls_mode: 0 } };

/** Launches a browser with a new profile until all tests have run; each test starts without cookies. */
export async function launch(executablePath) {
  const profile = await mkdtemp(join(tmpdir(), "chromium-"));
  await mkdir(join(profile, "Default"));
  await writeFile(join(profile, "Default/Preferences"), JSON.stringify(PREFERENCES));
  const browser = await chromium.launchPersistentContext(profile, optionsOf(executablePath));
  browser.setDefaultTimeout(TIMEOUT);
  beforeEach(() => browser.clearCookies());
  after(async () => {
    await browser.close();
    await rm(profile, { recursive: true });
  });
  return browser;
}

/** Launches a browser for contexts that share nothing. */
export async function launchFresh(executablePath) {
  const browser = await chromium.launch(optionsOf(executablePath));
  after(() => browser.close());
  return browser;
}

function optionsOf(executablePath) {
  return {
    executablePath,
    chromiumSandbox: process.getuid() !== 0, // Chromium has no sandbox for root
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--host-resolver-rules=MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ],
  };
}
