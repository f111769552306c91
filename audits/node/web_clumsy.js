// What clumsy people and odd browsers do to the web app: node web_clumsy.js CHROMIUM SERVICE APP

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { launchFresh } from "./browser.js";
import { Taxpayer } from "./taxpayer.js";

const [, , executablePath, service, app] = process.argv;
const browser = await launchFresh(executablePath);
let ana;

async function open(options) {
  ana = await Taxpayer.open(browser, { service, app, ...options });
  return ana.page;
}

afterEach(() => ana?.context.close());

test("the back button leads from the paid account to where it was paid", async () => {
  const page = await open();
  await ana.arrive();
  await ana.go("/pago");
  await page.locator("[name=method][value=PAYPAL]").check();
  await ana.send();
  await page.locator("button[value=approve]").click();
  await ana.at("/cuenta");

  await page.goBack();
  await page.waitForURL("**/paypal/checkoutnow**");
  await page.goBack();
  await ana.at("/pago");
});
