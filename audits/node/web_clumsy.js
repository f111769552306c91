// What clumsy people and odd browsers do to the web app: node web_clumsy.js CHROMIUM SERVICE APP

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { launchFresh } from "./browser.js";
import { PASSWORD, Taxpayer } from "./taxpayer.js";

const [, , executablePath, service, app] = process.argv;
const browser = await launchFresh(executablePath);
let ana;

async function open(options) {
  ana = await Taxpayer.open(browser, { service, app, ...options });
  return ana.page;
}

afterEach(() => ana?.context.close());

test("a waiting page is there before the script", async () => {
  const page = await open();
  await page.route("**/*.js", () => undefined);
  await page.goto(app, { waitUntil: "commit" });

  await page.locator("main[aria-busy=true] .skeleton").first().waitFor();
});

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

test("a session that ends at PayPal does not lose the payment", async () => {
  const page = await open();
  await ana.arrive();
  await ana.go("/pago");
  await page.locator("[name=method][value=PAYPAL]").check();
  await ana.send();
  await page.locator("button[value=approve]").waitFor();
  await ana.context.clearCookies();
  await page.locator("button[value=approve]").click();
  await ana.at("/entrar");
  await page.getByText("Accede para terminar el pago").waitFor();
  await ana.send({ email: ana.email, password: PASSWORD });
  await ana.at("/cuenta");
  await ana.said("¡Listo!");
});

test("what a browser does not let the button copy is selected", async () => {
  const page = await open();
  await ana.arrive();
  await ana.go("/pago");
  await page.locator("[name=method][value=BANK_DEPOSIT]").check();
  await ana.send();
  await page.getByRole("heading", { name: "Esperamos tu pago" }).waitFor();
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException("Write permission denied.", "NotAllowedError"));
  });
  await page.getByRole("button", { name: "Copiar: Referencia" }).click();
  await page.getByText("Tu navegador no lo permite").waitFor();
  assert.match(await page.evaluate(() => getSelection().toString()), /^\d{10}$/);
  await ana.check();
  assert.deepEqual(ana.complaints, []);
});

test("what failed about a captcha is forgotten once it works", async () => {
  const page = await open();
  await ana.go("/recuperar");
  await page.locator(".captcha img").waitFor();
  await page.route(`${service}/graphql`, (route) => route.abort("connectionreset"));
  await page.getByRole("button", { name: "Refrescar" }).click();
  await page.getByText("No pudimos conectarnos").waitFor();
  await page.getByRole("button", { name: "Escuchar" }).click();
  await page.getByText("No pudimos conectarnos").waitFor();
  await page.unroute(`${service}/graphql`);

  await page.getByRole("button", { name: "Escuchar" }).click();

  await page.locator("audio").waitFor();
  assert.equal(await page.getByText("No pudimos conectarnos").count(), 0);
});

test("texts of the service say in which language they are, after a switch", async () => {
  const page = await open();
  await ana.go("/registro");
  await ana.send({ email: "ana@" });
  const error = page.locator(".field-error").first();
  await error.waitFor();
  assert.equal(await error.getAttribute("lang"), null);
  await page.getByRole("button", { name: "English" }).click();
  assert.equal(await error.getAttribute("lang"), "es-MX");
  await ana.send();
  await page.getByText("Check your e-mail").first().waitFor();
  assert.equal(await error.getAttribute("lang"), null);

  await ana.go("/recuperar");
  await page.getByRole("button", { name: "Help" }).click();
  const help = page.locator(".captcha p.hint").first();
  assert.equal(await help.getAttribute("lang"), null);
  await page.getByRole("button", { name: "Español" }).click();
  assert.equal(await help.getAttribute("lang"), "en-US");
});

test("a page whose texts a translator took apart can be drawn again, with what was typed", async () => {
  const page = await open();
  await ana.go("/registro");
  await ana.fill({ email: ana.email });
  await page.evaluate(translate);
  await ana.send({ rfc: "EKU900" });
  await page.getByText("Algo falló de nuestro lado").waitFor();
  await ana.check();

  await page.getByRole("button", { name: "Intentar de nuevo" }).click();

  await page.getByRole("heading", { name: "Crea una cuenta" }).waitFor();
  assert.equal(await page.locator("[name=email]").inputValue(), ana.email);
});

test("a browser that keeps nothing leads to the account, too", async () => {
  const page = await open();
  await page.addInitScript(() => {
    const get = () => {
      throw new DOMException("The operation is insecure.", "SecurityError");
    };
    for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(globalThis, name, { get });
  });
  await ana.register();
  await ana.confirm();
  await ana.signIn();
  await ana.at("/empresa");
  assert.deepEqual(ana.complaints, []);
});

test("what another tab created is there after a save", async () => {
  const page = await open();
  await ana.register();
  await ana.confirm();
  await ana.signIn();
  const other = await ana.tab();
  await other.goto(`${app}/empresa`);
  await other.locator("[name=taxRegime]").selectOption("601");
  await ana.configure();

  ana.page = other;
  await ana.send({ legalName: "ESCUELA KEMPER URGATE", postalCode: "26015" });

  await other.locator(".row").first().waitFor();
  assert.equal(await page.locator(".row").count(), 1);
});

test("a text beyond all measure is the person's to correct", async () => {
  await open();
  await ana.go("/registro");
  await ana.send({ rfc: "z".repeat(50_000) });
  await ana.said("Hay demasiado texto en un dato");
});

/** Does what a browser's translation does: each text goes into an element of its own. */
function translate() {
  const texts = document.createTreeWalker(document.getElementById("root"), NodeFilter.SHOW_TEXT);
  const all = [];
  while (texts.nextNode()) all.push(texts.currentNode);
  for (const text of all) {
    const translated = document.createElement("font");
    text.replaceWith(translated);
    translated.append(text.textContent.toUpperCase());
  }
}
