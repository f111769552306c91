// The web app by keyboard and screen reader: node web_keyboard.js CHROMIUM SERVICE APP

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

test("the keyboard alone leads from the registration to the deposit and out again", async () => {
  const page = await open();
  const type = async (name, text) => {
    await tabTo(page, named, name);
    await page.keyboard.type(text);
  };
  const press = async (label) => {
    await tabTo(page, labeled, label);
    await page.keyboard.press("Enter");
  };
  await ana.go("/registro");
  await page.locator("[name=rfc]").waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Ir al contenido");
  await page.keyboard.press("Enter");
  await type("rfc", "EKU9003173C9");
  await type("email", ana.email);
  await type("password", PASSWORD);
  await type("passwordConfirmation", PASSWORD);
  await page.keyboard.press("Enter");
  await ana.at("/confirmar");
  assert.equal(await ana.focused(), "H1");

  await type("code", (await ana.mail()).codes[0]);
  await page.keyboard.press("Enter");
  await ana.at("/entrar");
  assert.equal(await ana.focused(), "H1");
  await type("password", PASSWORD);
  await page.keyboard.press("Enter");
  await ana.at("/empresa");

  await type("legalName", "ESCUELA KEMPER URGATE");
  await type("taxRegime", "601");
  await type("postalCode", "26015");
  await page.keyboard.press("Enter");
  await ana.said("Guardamos");
  await type("lastFolio", "5000");
  await page.keyboard.press("Enter");
  await page.locator(".row").first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "series-title");

  await press("Continuar al pago");
  await page.locator(".choice").first().waitFor();
  await tabTo(page, named, "planId");
  await page.keyboard.press("ArrowDown");
  await tabTo(page, named, "method");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Esperamos tu pago" }).waitFor();
  assert.equal(await ana.focused(), "H1");
  await press("Copiar: Referencia");
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^\d{10}$/);
  await press("Cancelar este depósito");
  await press("Sí, cancelar");
  await page.locator(".choice").first().waitFor();
  assert.equal(await ana.focused(), "H1");

  await tabTo(page, labeled, "Cuenta", "Shift+Tab");
  await page.keyboard.press("Enter");
  await ana.at("/cuenta");
  await page.getByRole("link", { name: "Seguridad" }).waitFor();
  await press("Cerrar sesión");
  await ana.at("/entrar");
  assert.equal(await ana.focused(), "H1");
});

test("the keyboard alone adds an authenticator app, changes the e-mail and asks for the deletion", async () => {
  const page = await open();
  const type = async (name, text) => {
    await tabTo(page, named, name);
    await page.keyboard.type(text);
  };
  const press = async (label) => {
    await tabTo(page, labeled, label);
    await page.keyboard.press("Enter");
  };
  await ana.arrive();
  await ana.go("/cuenta");
  await page.getByRole("link", { name: "Seguridad" }).waitFor();
  await press("Seguridad");
  await ana.at("/seguridad");
  await page.getByText("Este dispositivo").waitFor();
  assert.equal(await ana.focused(), "H1");

  await press("Activar");
  await page.locator(".qr-code").waitFor();
  await press("Copiar: Llave");
  const key = await page.evaluate(() => navigator.clipboard.readText());
  await type("oneTimeCode", oneTimeCode(key));
  await page.keyboard.press("Enter");
  await page.locator(".recovery-codes").waitFor();
  await press("Copiar: Códigos de recuperación");
  const [code] = (await page.evaluate(() => navigator.clipboard.readText())).split("\n");
  await press("Ya los guardé");

  await ana.requireProof("ChangeEmail", ["TOTP", "RECOVERY_CODE"]);
  await press("Cambiar correo");
  await type("email", `otra.${ana.email}`);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  assert.equal(await ana.focused(), "oneTimeCode");
  await page.keyboard.type(code);
  await page.keyboard.press("Enter");
  await page.getByText("Falta confirmar").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Correo electrónico");

  await press("Eliminar mi cuenta");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Eliminar mi cuenta");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await ana.said("Eliminaremos tu cuenta");
  await page.locator(".standing .message").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Eliminar la cuenta");
  await tabTo(page, labeled, "Conservar mi cuenta", "Shift+Tab");
  await page.keyboard.press("Enter");
  await ana.said("Tu cuenta se queda como está");
  await page.locator(".standing .message").waitFor({ state: "detached" });
  assert.equal(await ana.focused(), "MAIN");
});

test("a screen reader hears the steps, the labels, the hints and the errors in their order", async () => {
  const page = await open();
  await ana.go("/registro");
  await ana.send({ rfc: "EKU9003173C9", email: "ana@" });
  await page.locator("[aria-invalid=true]").first().waitFor();

  const tree = await page.locator("main").ariaSnapshot();

  const order = [
    'navigation "Pasos para activar tu cuenta"',
    "Paso 1 de 4 Crea una cuenta",
    'link "Paso 2 Confirma tu cuenta"',
    'heading "Crea una cuenta" [level=1]',
    'textbox "RFC"',
    'textbox "Correo electrónico (este será tu usuario)"',
    "Revisa tu correo",
    'textbox "Clave de acceso"',
    'button "Mostrar: Clave de acceso"',
    'button "Crear cuenta"',
  ].map((part) => tree.indexOf(part));
  assert.ok(!order.includes(-1), tree);
  assert.deepEqual(
    order,
    order.toSorted((one, other) => one - other),
    tree,
  );
  const described = await page
    .locator("[name=email]")
    .evaluate((input) =>
      (input.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent),
    );
  assert.match(described.join(" "), /Revisa tu correo/);
});

const named = (wanted) => document.activeElement?.getAttribute("name") === wanted;
const labeled = (wanted) => {
  const { activeElement: element } = document;
  return (element?.getAttribute("aria-label") ?? element?.textContent.trim()) === wanted;
};

/** Presses the key until `isThere` holds, which must happen before the page has been gone through. */
async function tabTo(page, isThere, wanted, key = "Tab") {
  for (let presses = 0; presses < 30; presses += 1) {
    if (await page.evaluate(isThere, wanted)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${key} does not reach ${wanted}`);
}
