// Signs in where the operator demands a second factor: node web_demand.js CHROMIUM SERVICE
//
// SERVICE is under a name, since no passkey is made for an address.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { launchFresh } from "./browser.js";
import { Device } from "./device.js";
import { oneTimeCode, Taxpayer } from "./taxpayer.js";

const [, , executablePath, service] = process.argv;
const browser = await launchFresh(executablePath);
let ana;

/** Opens the page that a new account is led to, whatever page it asks for. */
async function open() {
  ana = await Taxpayer.open(browser, { service, app: service });
  await ana.enter();
  await ana.go("/empresa");
  await ana.at("/seguridad");
  await ana.page.getByText("activa primero la verificación en dos pasos").waitFor();
  assert.equal(await ana.page.locator("main section").count(), 2);
  await ana.check();
  return ana.page;
}

async function addApp(card, button) {
  await card.getByRole("button", { name: button }).click();
  const key = (await card.locator("code").textContent()).replaceAll(" ", "");
  await ana.send({ oneTimeCode: oneTimeCode(key) }, card.locator("form"));
}

async function keepCodesAndGoOn(card) {
  await card.getByRole("heading", { name: "Códigos de recuperación" }).waitFor();
  await card.getByRole("button", { name: "Ya los guardé" }).click();
  await ana.page.getByRole("region", { name: "Sesiones abiertas" }).waitFor();
  await ana.go("/empresa");
  await ana.page.getByRole("heading", { name: "Configura los datos" }).waitFor();
  assert.deepEqual(ana.complaints, []);
}

afterEach(() => ana?.context.close());

test("an app for codes meets the demand", async () => {
  const page = await open();
  const card = page.getByRole("region", { name: "Verificación en dos pasos" });
  await addApp(card, "Activar");
  await keepCodesAndGoOn(card);
});

test("a passkey meets the demand once it is required", async () => {
  const page = await open();
  await Device.of(page);
  const card = page.getByRole("region", { name: "Llaves de acceso" });
  await card.getByRole("button", { name: "Agregar una llave de acceso" }).click();
  await ana.send({ nickname: "Laptop" }, card.locator("form"));
  await card.getByText("Laptop", { exact: true }).waitFor();
  await card.getByRole("button", { name: "Pedirla además de la clave" }).click();
  await keepCodesAndGoOn(card);

  await ana.go("/seguridad");
  const factor = page.getByRole("region", { name: "Verificación en dos pasos" });
  await addApp(factor, "Agregar una app");
  await keepCodesAndGoOn(factor);
  await ana.go("/seguridad");
  await factor.getByText("Te quedan 10 códigos").waitFor();
  assert.equal(await factor.getByRole("button", { name: "Agregar una app" }).count(), 0);
});
