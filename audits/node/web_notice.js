// Accepts a privacy notice in the web app: node web_notice.js CHROMIUM SERVICE APP VERSION EMAIL
//
// The service has that version of the notice. EMAIL gets an account, unless it has one that accepted another version.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { launchFresh } from "./browser.js";
import { PASSWORD, Taxpayer } from "./taxpayer.js";

const [, , executablePath, service, app, version, email] = process.argv;
const browser = await launchFresh(executablePath);
const FORM = { rfc: "EKU9003173C9", email, password: PASSWORD, passwordConfirmation: PASSWORD };
const first = version === "1";
let ana;

async function open(options) {
  ana = await Taxpayer.open(browser, { service, app, ...options });
  ana.email = email;
  return ana.page;
}

afterEach(() => ana?.context.close());

test("who signs up accepts the notice, and the version that was shown", { skip: !first }, async () => {
  const page = await open();
  await ana.go("/registro");
  const box = page.getByRole("checkbox", { name: "Leí y acepto el aviso de privacidad" });
  await box.waitFor();
  assert.equal(await box.isChecked(), false);
  const link = page.getByRole("link", { name: "aviso de privacidad" });
  assert.deepEqual(await link.evaluate(({ target, href }) => [target, href]), ["_blank", "http://localhost/aviso?v=1"]);

  await ana.send(FORM);
  await page.locator("[aria-invalid=true]").waitFor();
  assert.equal(await ana.focused(), "acceptedPrivacyNotice");
  assert.match(await page.locator(".field-error").textContent(), /aviso de privacidad/);
  await ana.check();

  await page.route(`${service}/graphql`, olderNotice);
  await page.reload();
  await box.check();
  await page.reload();
  await box.waitFor();
  assert.equal(await box.isChecked(), true);
  await page.unroute(`${service}/graphql`);
  await ana.send({ password: PASSWORD, passwordConfirmation: PASSWORD });
  await page.locator(".field-error", { hasText: "cambió" }).waitFor();
  await page.waitForFunction(() => !document.querySelector("[type=checkbox]").checked);
  assert.equal(await page.locator("[name=password]").inputValue(), PASSWORD);
  await ana.check();

  await box.focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  await ana.at("/confirmar");
  await ana.confirm();
  await ana.signIn();
  await page.getByRole("heading", { name: "Configura los datos" }).waitFor();
  await page.waitForLoadState("networkidle");
  assert.equal(await page.getByText("Cambió nuestro aviso").count(), 0);
  assert.deepEqual(ana.complaints, []);
});

test("who has an account is asked for the new version once", { skip: first }, async () => {
  const page = await open({ language: "en-US" });
  await ana.go("/entrar");
  await ana.signIn();
  const request = page.locator(".standing", { hasText: "Our privacy notice has changed" });
  await request.waitFor();
  await ana.check();
  await page.route(`${service}/graphql`, (route) => route.abort("connectionreset"));
  await request.getByRole("button", { name: "I accept" }).click();
  await ana.said("We could not connect");
  await page.unroute(`${service}/graphql`);

  await request.getByRole("button", { name: "I accept" }).click();

  await ana.said("We recorded that you accepted");
  await request.waitFor({ state: "detached" });
  assert.equal(await ana.focused(), "MAIN");
  await ana.go("/cuenta");
  await page.getByRole("heading", { name: "Your account" }).waitFor();
  await page.waitForLoadState("networkidle");
  assert.equal(await request.count(), 0);
});

/** Answers as the service did before its notice changed. */
async function olderNotice(route) {
  const response = await route.fetch();
  await route.fulfill({ response, body: (await response.text()).replace('"version":"1"', '"version":"0"') });
}
