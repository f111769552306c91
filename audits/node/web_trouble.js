// What people do to the web app, and networks: node web_trouble.js CHROMIUM SERVICE APP

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { launchFresh } from "./browser.js";
import { oneTimeCode, PASSWORD, Taxpayer } from "./taxpayer.js";

const [, , executablePath, service, app] = process.argv;
const browser = await launchFresh(executablePath);
let ana;

async function open(options) {
  ana = await Taxpayer.open(browser, { service, app, ...options });
  return ana.page;
}

afterEach(() => ana?.context.close());

test("password managers find their fields", async () => {
  const page = await open();
  const tokens = () =>
    page.locator("main form input:not([type=hidden])").evaluateAll((all) => all.map((input) => input.autocomplete));
  await ana.go("/registro");
  await page.locator("[name=rfc]").waitFor();
  assert.deepEqual(await tokens(), ["off", "username", "new-password", "new-password"]);
  await ana.go("/confirmar");
  assert.deepEqual(await tokens(), ["one-time-code", "username"]);
  await ana.go("/entrar");
  await page.locator("[name=password]").waitFor();
  assert.deepEqual(await tokens(), ["username webauthn", "current-password"]);
});

test("an account with a second factor asks for its code after the password", async () => {
  const page = await open();
  await ana.arrive();
  const { key } = await ana.ask("EnrollTotp");
  const { recoveryCodes } = await ana.ask("ConfirmTotp", { oneTimeCode: oneTimeCode(key) });
  await ana.ask("Logout");
  await ana.go("/entrar");
  await ana.send({ email: ana.email, password: PASSWORD });
  const code = page.locator("[name=oneTimeCode]");
  await code.waitFor();
  assert.equal(await ana.focused(), "H1");
  await ana.send({ oneTimeCode: "000000" });
  await page.locator(".field-error").waitFor();
  await page.getByRole("button", { name: "Cancelar" }).click();
  await ana.send({ email: ana.email, password: PASSWORD });
  await code.waitFor();
  await ana.send({ oneTimeCode: recoveryCodes[0].toLowerCase() });
  await page.waitForURL((url) => url.pathname !== "/entrar");
  assert.ok(!JSON.stringify(await page.evaluate(() => ({ ...sessionStorage }))).includes(recoveryCodes[0].toLowerCase()));
});

test("a remembered device asks for no code until it is forgotten", async () => {
  const page = await open();
  await ana.arrive();
  const { key } = await ana.ask("EnrollTotp");
  const { recoveryCodes } = await ana.ask("ConfirmTotp", { oneTimeCode: oneTimeCode(key) });
  const signIn = async () => {
    await ana.ask("Logout");
    await ana.go("/entrar");
    await ana.send({ email: ana.email, password: PASSWORD });
  };
  await signIn();
  await page.getByRole("checkbox", { name: "No pedir el código" }).check();
  await ana.send({ oneTimeCode: recoveryCodes[0] });
  await page.waitForURL((url) => url.pathname !== "/entrar");

  await signIn();
  await page.waitForURL((url) => url.pathname !== "/entrar");
  await ana.go("/seguridad");
  const card = page.getByRole("region", { name: "Verificación en dos pasos" });
  await card.getByRole("heading", { name: "Dispositivos que no piden el código" }).waitFor();
  await ana.check();
  await card.getByRole("button", { name: "Olvidar Chrome en Linux" }).click();
  await card.getByRole("heading", { name: "Dispositivos que no piden el código" }).waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Verificación en dos pasos");

  await signIn();
  await page.locator("[name=oneTimeCode]").waitFor();
});

test("a reload and the back button lose nothing but secrets", async () => {
  const page = await open();
  await ana.go("/registro");
  await ana.fill({ rfc: "EKU9003173C9", email: ana.email, password: PASSWORD });
  await page.reload();
  assert.equal(await page.locator("[name=rfc]").inputValue(), "EKU9003173C9");
  assert.equal(await page.locator("[name=email]").inputValue(), ana.email);
  assert.equal(await page.locator("[name=password]").inputValue(), "");
  assert.ok(!JSON.stringify(await page.evaluate(() => ({ ...sessionStorage }))).includes(PASSWORD));

  await ana.register();
  await page.goBack();
  await ana.at("/registro");
  await page.goForward();
  await ana.at("/confirmar");
  const { links } = await ana.mail();
  await page.goto(links.find((link) => link.includes("#")));
  await page.reload();
  assert.match(await page.locator("[name=code]").inputValue(), /^\w{40}$/);
  await ana.send();
  await ana.at("/entrar");
  await page.reload();
  assert.equal(await page.locator("[name=email]").inputValue(), ana.email);
  await ana.signIn();
  await ana.fill({ legalName: "ESCUELA KEMPER URGATE" });
  await page.reload();
  assert.equal(await page.locator("[name=legalName]").inputValue(), "ESCUELA KEMPER URGATE");
  await ana.configure();
  await ana.go("/pago");
  await page.locator("[name=method][value=BANK_DEPOSIT]").check();
  await ana.send();
  await page.getByRole("heading", { name: "Esperamos tu pago" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Esperamos tu pago" }).waitFor();
  await page.goBack();
  await page.goForward();
  await ana.at("/pago");
});

test("a failing network says so, and the same button tries again", async () => {
  const page = await open();
  const graphql = `${service}/graphql`;
  await page.route(graphql, (route) => route.abort("internetdisconnected"));
  await ana.go("/entrar");
  await ana.said("No pudimos conectarnos");
  await page.unroute(graphql);
  await page.getByRole("button", { name: "Intentar de nuevo" }).click();
  await page.locator("[name=email]").waitFor();

  await page.route(graphql, (route) => route.abort("connectionreset"));
  await ana.send({ email: ana.email, password: PASSWORD });
  await ana.said("No pudimos conectarnos");
  await ana.check();
  await page.unroute(graphql);
  await page.route(graphql, (route) => route.fulfill({ status: 502, body: "<html>Bad gateway</html>" }));
  await ana.send();
  await ana.said("El servicio no está disponible");
  await page.unroute(graphql);
  await ana.send({ password: "equivocada" });
  await ana.said("clave");
});

test("a slow network shows that something is going on, and sends nothing twice", async () => {
  const page = await open();
  await ana.go("/registro");
  await page.locator("[name=rfc]").waitFor();
  await page.route(`${service}/graphql`, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await route.continue();
  });
  const before = ana.operations.length;
  await ana.send({ rfc: "EKU9003173C9", email: ana.email, password: PASSWORD, passwordConfirmation: PASSWORD });
  const button = page.getByRole("button", { name: "Crear cuenta" });
  assert.equal(await button.getAttribute("aria-disabled"), "true");
  await button.click({ force: true });
  await page.getByText("Un momento…").waitFor();
  await ana.at("/confirmar");
  assert.equal(ana.operations.length - before, 1);
});

test("a sign-out is seen in the other tab, which returns to its page afterwards", async () => {
  const page = await open();
  await ana.arrive();
  const other = await ana.tab();
  await other.goto(`${app}/pago`);
  await other.locator(".choice").first().waitFor();
  await ana.go("/cuenta");
  await page.getByRole("button", { name: "Cerrar sesión", exact: true }).click();
  await ana.said("Cerraste tu sesión");

  await other.waitForURL(`${app}/entrar`);
  await other.getByText("Tu sesión terminó").waitFor();
  await other.locator("[name=password]").fill(PASSWORD);
  await other.locator("main form button[type=submit]").click();
  await other.waitForURL(`${app}/pago`);
  await page.waitForURL((url) => url.pathname !== "/entrar");
});

test("a session that another device ends says so at the next step", async () => {
  const page = await open();
  await ana.arrive();
  await ana.go("/empresa");
  const phone = await Taxpayer.open(browser, { service, app });
  phone.email = ana.email;
  await phone.go("/entrar");
  await phone.signIn();
  await phone.go("/seguridad");
  await phone.page.getByRole("button", { name: "Cerrar las demás sesiones" }).click();
  await phone.said("Cerramos tus demás sesiones");
  await phone.context.close();

  await ana.send({ legalName: "OTRO NOMBRE" });
  await ana.at("/entrar");
  await ana.said("Tu sesión terminó");
  await ana.check();
  await ana.send({ password: PASSWORD });
  await ana.at("/empresa");
  assert.equal(await page.locator("[name=legalName]").inputValue(), "OTRO NOMBRE");
});

test("who signs in after the end of another person's session sees nothing of what that person typed", async () => {
  const page = await open();
  await ana.register();
  await ana.confirm();
  const eva = ana.email;
  ana.email = `otra.${eva}`;
  await ana.register();
  await ana.confirm();
  await ana.signIn();
  await ana.fill({ legalName: "ESCUELA KEMPER URGATE" });
  await ana.context.clearCookies();
  await page.reload();
  await ana.at("/entrar");

  await ana.send({ email: eva, password: PASSWORD });

  await ana.at("/empresa");
  assert.equal(await page.locator("[name=legalName]").inputValue(), "");
});

test("the switch changes every text, and the service answers in the same language", async () => {
  const page = await open({ language: "en-US" });
  await ana.go("/registro");
  await page.getByRole("heading", { name: "Create an account" }).waitFor();
  await ana.send({ email: "ana@" });
  await page.getByText("Check your e-mail").first().waitFor();
  await page.getByRole("button", { name: "Español" }).click();
  await page.getByRole("heading", { name: "Crea una cuenta" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "es-MX");
  await ana.send();
  await page.getByText("Revisa tu correo").waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Crea una cuenta" }).waitFor();
  await ana.check();
});

test("a captcha that is about to expire is replaced, and the person is told", async () => {
  const page = await open();
  await page.clock.install();
  await ana.go("/recuperar");
  const picture = page.locator(".captcha img");
  const first = await picture.getAttribute("src");
  await page.clock.fastForward("05:00");
  await page.getByText("La verificación caducó. Te dimos otra.").waitFor();
  assert.notEqual(await picture.getAttribute("src"), first);
});

test("pages for members ask guests to sign in, and unknown ones lead home", async () => {
  const page = await open();
  await ana.go("/cuenta");
  await ana.at("/entrar");
  await ana.go("/nada");
  await page.getByRole("heading", { name: "No encontramos esta página" }).waitFor();
  await ana.check();
  await page.getByRole("link", { name: "Ir al inicio" }).click();
  await ana.at("/registro");
});
