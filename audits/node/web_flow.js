// Walks through the web app, from the registration to the account: node web_flow.js CHROMIUM SERVICE APP
//
// If the app has an origin of its own, only the walks run that every kind of request and every way back belongs to.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { launchFresh } from "./browser.js";
import { PASSWORD, Taxpayer } from "./taxpayer.js";

const [, , executablePath, service, app] = process.argv;
const browser = await launchFresh(executablePath);
// What does not depend on the app's origin.
const here = { skip: app !== service };
let ana;

async function open(options) {
  ana = await Taxpayer.open(browser, { service, app, ...options });
  return ana.page;
}

afterEach(() => ana?.context.close());

test("the four steps lead to an active account with a bank deposit", async () => {
  const page = await open();
  await ana.go("/");
  await ana.at("/registro");
  await ana.check();
  await ana.send({ rfc: "EKU900", email: "ana@", password: "corta" });
  await page.locator("[aria-invalid=true]").first().waitFor();
  assert.equal(await ana.focused(), "rfc");
  assert.equal(await page.locator(".field-error").count(), 4);
  await ana.check();

  await ana.register();
  await ana.said("Tu cuenta ha sido creada");
  await ana.check();
  await ana.send({ code: "x".repeat(40) });
  await ana.said("No fue posible confirmar tu cuenta");
  await ana.confirm();
  await ana.said("¡Felicidades!");
  assert.equal(await page.locator("[name=email]").inputValue(), ana.email);
  await ana.check();

  await ana.signIn();
  await ana.at("/empresa");
  await ana.check();
  await ana.configure();
  await ana.check();
  await page.getByRole("link", { name: "Continuar al pago" }).click();
  await page.locator(".choice").first().waitFor();
  await ana.check();

  await page.locator("[name=method][value=BANK_DEPOSIT]").check();
  await ana.send();
  await page.getByRole("heading", { name: "Esperamos tu pago" }).waitFor();
  assert.equal(await ana.focused(), "H1");
  await ana.check();
  assert.equal(ana.operations.at(-1), "RequestBankDeposit");
  await page.getByRole("button", { name: "Copiar: Referencia" }).click();
  const reference = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(reference, /^\d{10}$/);
  await ana.deposit(reference, "464.00");
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await ana.said("Tu cuenta está activa");
  await ana.go("/cuenta");
  await page.getByText("Pagado", { exact: true }).waitFor();
  await ana.check();
  assert.deepEqual(ana.complaints, []);
});

test("the whole flow, by the app's own links, sends few requests, and asks seldom who is signed in", async () => {
  const page = await open();
  await ana.go("/");
  await ana.send({ rfc: "EKU900", email: ana.email, password: PASSWORD, passwordConfirmation: PASSWORD });
  await page.locator("[aria-invalid=true]").first().waitFor();
  await ana.send({ rfc: "EKU9003173C9" });
  await ana.at("/confirmar");
  await ana.send({ code: (await ana.mail()).codes[0] });
  await ana.at("/entrar");
  await ana.signIn();
  await ana.configure();
  await page.getByRole("link", { name: "Continuar al pago" }).click();
  await page.locator("[name=method][value=PAYPAL]").check();
  await ana.send();
  await page.locator("button[value=approve]").click();
  await ana.at("/cuenta");
  await page.getByText("Pagado", { exact: true }).waitFor();

  assert.ok(ana.operations.length <= 21, ana.operations.join(" "));
  assert.equal(ana.operations.filter((name) => name === "Me").length, 2, ana.operations.join(" "));
});

test("PayPal's page leads back to an active account", async () => {
  const page = await open({ language: "en-US" });
  await ana.arrive();
  await ana.go("/pago");
  await page.getByText("Business").click();
  await page.locator("[name=method][value=PAYPAL]").check();
  await ana.send();
  await page.locator("button[value=cancel]").click();
  await ana.said("You canceled the payment at PayPal");
  await ana.at("/pago");
  await ana.send();
  await page.locator("button[value=approve]").click();
  await ana.at("/cuenta");
  await ana.said("Done!");
  await page.getByText("Paid", { exact: true }).waitFor();
  await ana.check();
  assert.deepEqual(ana.complaints, []);
});

test("a payment that PayPal declines or reviews says so", here, async () => {
  const page = await open();
  await ana.arrive();
  await ana.go("/pago");
  await page.locator("[name=method][value=PAYPAL]").check();
  await ana.send();
  await page.locator("button[value=decline]").click();
  await page.getByRole("heading", { name: "No se completó tu pago" }).waitFor();
  await ana.check();
  await page.getByRole("link", { name: "Elegir otra forma de pago" }).click();
  await page.locator("[name=method][value=PAYPAL]").check();
  await ana.send();
  await page.locator("button[value=pending]").click();
  await page.getByRole("heading", { name: "Estamos esperando la respuesta de PayPal" }).waitFor();
  await ana.check();
});

test("a deposit is canceled after a question", here, async () => {
  const page = await open();
  await ana.arrive();
  await ana.go("/pago");
  await page.locator("[name=method][value=BANK_DEPOSIT]").check();
  await ana.send();
  await page.getByRole("button", { name: "Cancelar este depósito" }).click();
  await ana.check();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Cancelar este depósito" }).click();
  await page.getByRole("button", { name: "Sí, cancelar" }).click();
  await page.locator(".choice").first().waitFor();
});

test("a mailed password, behind words or digits, is changed at once", here, async () => {
  const page = await open();
  await ana.register();
  await ana.confirm();
  await ana.go("/recuperar");
  await ana.send({ email: ana.email, "captcha.answer": "no es eso" });
  await ana.said("No coincide");
  assert.equal(await ana.focused(), "captcha.answer");
  await ana.check();
  const { digits } = await ana.captcha(await listened(page));
  await ana.send({ "captcha.answer": digits });
  await ana.at("/entrar");
  await ana.said("te enviamos una nueva clave");

  const mailed = (await ana.mail()).codes[0];
  await ana.send({ email: ana.email, password: mailed });
  await ana.at("/cambiar-clave");
  await ana.check();
  const password = "otra frase larga y mía";
  await ana.send({ currentPassword: "no", newPassword: password, newPasswordConfirmation: password });
  await page.locator("[aria-invalid=true]").first().waitFor();
  assert.equal(await ana.focused(), "currentPassword");
  await ana.send({ currentPassword: mailed, newPassword: password, newPasswordConfirmation: password });
  await ana.at("/empresa");
  await ana.said("Cambiaste tu clave");
});

test("after wrong passwords, the words let one in, or a proof of work does", here, async () => {
  const page = await open();
  await ana.register();
  await ana.confirm();
  const refreshed = page.waitForResponse(async (response) => (await response.text()).includes("CaptchaRequiredError"));
  for (let tries = 0; tries < 3; tries += 1) {
    await ana.send({ password: "equivocada" });
    await page.locator("main form .message").waitFor();
  }
  const { captcha } = (await (await refreshed).json()).data.login;
  await page.locator(".captcha img").waitFor();
  assert.equal(await ana.focused(), "captcha.answer");
  await page.getByRole("button", { name: "Ayuda sobre la verificación" }).click();
  await ana.check();
  await ana.send({ password: "equivocada", "captcha.answer": (await ana.captcha(captcha.id)).words });
  await ana.said("clave");
  await ana.send({ password: PASSWORD });
  await page.locator(".captcha img").waitFor();
  await page.getByRole("button", { name: "Que mi dispositivo haga la verificación" }).click();
  await page.getByText("Tu dispositivo hizo la verificación").waitFor({ timeout: 60_000 });
  await ana.check();
  await ana.send({ password: PASSWORD });
  await ana.at("/empresa");
});

test("series are added, edited and deleted", here, async () => {
  const page = await open();
  await ana.arrive();
  await ana.go("/empresa");
  await page.getByRole("button", { name: "Agregar serie" }).click();
  await ana.send({ name: "A" }, page.locator(".inset form"));
  await page.locator(".inset [aria-invalid=true]").waitFor();
  await ana.send({ name: "B", firstFolio: "10" }, page.locator(".inset form"));
  await page.getByRole("button", { name: "Editar la serie B" }).click();
  await ana.send({ lastFolio: "20" }, page.locator(".inset form"));
  await page.getByText("10 – 20").waitFor();
  await page.getByRole("button", { name: "Eliminar la serie B" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Eliminar" }).click();
  await ana.said("Eliminamos la serie");
  assert.equal(await page.locator(".row").count(), 1);
  assert.equal(await page.evaluate(() => document.activeElement.id), "series-title");
});

test("the menu leads to the upload, if the app is built for one", async () => {
  const page = await open();
  await ana.arrive();
  await ana.go("/cuenta");
  await page.getByRole("link", { name: "Cuenta" }).waitFor();
  const links = page.getByRole("link", { name: "Facturas" });
  const addresses = await links.evaluateAll((all) => all.map(({ href }) => href));
  assert.deepEqual(addresses, app === service ? [] : ["http://127.0.0.1:8100/"]);
  await ana.check();
});

/** Presses the loudspeaker and returns the captcha's id. */
async function listened(page) {
  const asked = page.waitForRequest((request) => request.postData()?.includes("CaptchaAudio") ?? false);
  await page.getByRole("button", { name: "Escuchar" }).click();
  await page.locator("audio").waitFor();
  return (await asked).postDataJSON().variables.id;
}
