// Adds, uses and removes passkeys in the web app, with Chromium's virtual authenticator: node web_passkeys.js CHROMIUM APP

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { launchFresh } from "./browser.js";
import { Device } from "./device.js";
import { PASSWORD, Taxpayer } from "./taxpayer.js";

const [, , executablePath, app] = process.argv;
const browser = await launchFresh(executablePath);
let ana;
let device;

/** Opens the page of an account's security, on a device that can keep passkeys. */
async function open() {
  ana = await Taxpayer.open(browser, { service: app, app });
  await ana.arrive();
  device = await Device.of(ana.page);
  await ana.go("/seguridad");
  await ana.page.getByRole("heading", { level: 1 }).waitFor();
  return ana.page.getByRole("region", { name: "Llaves de acceso" });
}

async function add(card, nickname) {
  await card.getByRole("button", { name: "Agregar una llave de acceso" }).click();
  await card.locator("[name=nickname]").waitFor();
  await ana.send({ nickname }, card.locator("form"));
  await card.locator("strong", { hasText: nickname }).waitFor();
}

/** Forgets the session, and comes to the page for signing in while nobody answers the device. */
async function signOut() {
  await device.present(false);
  await ana.context.clearCookies();
  await ana.go("/entrar");
  await ana.page.locator("[name=email]").waitFor();
}

const signedIn = () => ana.page.waitForURL((url) => url.pathname !== "/entrar");
const byPasskey = () => ana.page.getByRole("button", { name: "Iniciar sesión con una llave de acceso" });

afterEach(() => ana?.context.close());

test("a passkey is added, named, signs in without an e-mail, and is removed", async () => {
  const card = await open();
  await ana.check();
  await add(card, "Laptop de la oficina");
  await ana.check();
  const [credential] = await device.credentials();
  assert.equal(credential.isResidentCredential, true);
  assert.equal(credential.rpId, "localhost");

  await signOut();
  await ana.check();
  await device.present(true);
  await byPasskey().click();
  await signedIn();
  assert.ok(ana.operations.includes("LoginWithPasskey"));
  assert.ok(!ana.operations.includes("Login"));

  await ana.go("/seguridad");
  await card.getByText("Último uso").waitFor();
  await card.getByRole("button", { name: "Quitar Laptop de la oficina" }).click();
  await ana.check();
  await ana.page.getByRole("dialog").getByRole("button", { name: "Sí, quitar" }).click();
  await ana.said("Quitamos la llave de acceso");
  await card.locator("strong").waitFor({ state: "detached" });

  await signOut();
  await device.present(true);
  await byPasskey().click();
  await ana.said("No reconocimos esta llave de acceso");
  await ana.check();
  assert.deepEqual(ana.complaints, []);
});

test("the field for the e-mail offers passkeys, and the first answer signs in", async () => {
  const card = await open();
  await add(card, "Teléfono");
  await signOut();
  const email = ana.page.locator("[name=email]");
  assert.equal(await email.getAttribute("autocomplete"), "username webauthn");

  await device.present(true);
  await ana.go("/entrar");
  await signedIn();

  assert.ok(ana.operations.includes("LoginWithPasskey"));
});

test("a passkey is asked for after the password, and the last one stays", async () => {
  const card = await open();
  await add(card, "Llave");
  await card.getByRole("button", { name: "Pedirla además de la clave" }).click();
  await card.getByRole("heading", { name: "Códigos de recuperación" }).waitFor();
  await ana.check();
  await card.getByRole("button", { name: "Ya los guardé" }).click();
  await card.getByRole("button", { name: "Quitar Llave" }).click();
  await ana.page.getByRole("dialog").getByRole("button", { name: "Sí, quitar" }).click();
  await ana.said("es tu único segundo paso");

  await signOut();
  await ana.send({ email: ana.email, password: PASSWORD });
  const use = ana.page.getByRole("button", { name: "Usar mi llave de acceso" });
  await use.waitFor();
  await ana.page.getByLabel("Código de recuperación").waitFor();
  await ana.check();
  await device.present(true);
  await use.click();
  await signedIn();
  assert.ok(ana.operations.includes("VerifySecondFactor"));
});

test("a passkey is a fresh proof", async () => {
  const card = await open();
  await add(card, "Llave");
  await ana.requireProof("RemovePasskey", ["PASSWORD", "PASSKEY"]);
  await card.getByRole("button", { name: "Quitar Llave" }).click();
  await ana.page.getByRole("dialog").getByRole("button", { name: "Sí, quitar" }).click();
  const dialog = ana.page.getByRole("dialog", { name: "Confirma que eres tú" });
  await dialog.locator("[name=password]").waitFor();
  await ana.check();
  await dialog.getByRole("button", { name: "Usar mi llave de acceso" }).click();
  await ana.said("Quitamos la llave de acceso");
  assert.ok(ana.operations.includes("Reauthenticate"));
});

test("a device that has a passkey of the account, or verifies nobody, adds none", async () => {
  const card = await open();
  await add(card, "Llave");
  await card.getByRole("button", { name: "Agregar una llave de acceso" }).click();
  await ana.said("Este dispositivo ya tiene una llave de acceso");

  await signOut();
  await device.verified(false); // before it is present, or the request that waits for the form would sign in
  await device.present(true);
  await byPasskey().click();
  await ana.said("No se usó ninguna llave de acceso");
  assert.equal((await device.credentials()).length, 1);
});
