// Walks through what keeps an account its owner's in the web app: node web_security.js CHROMIUM SERVICE APP

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, test } from "node:test";

import { launchFresh } from "./browser.js";
import { oneTimeCode, PASSWORD, Taxpayer } from "./taxpayer.js";

const [, , executablePath, service, app] = process.argv;
const browser = await launchFresh(executablePath);
let ana;

/** Opens the page of an account that can pay. */
async function open(options) {
  ana = await Taxpayer.open(browser, { service, app, ...options });
  await ana.arrive();
  await ana.go("/seguridad");
  await ana.page.getByRole("heading", { level: 1 }).waitFor();
  return ana.page;
}

afterEach(() => ana?.context.close());

test("an authenticator app is added, gets other recovery codes, and is removed", async () => {
  const page = await open();
  const card = page.getByRole("region", { name: "Verificación en dos pasos" });
  await card.getByRole("button", { name: "Activar" }).dblclick();
  await card.locator(".qr-code").waitFor();
  assert.equal(ana.operations.filter((name) => name === "EnrollTotp").length, 1);
  assert.equal(await focusedText(), "Agrega tu cuenta a la app");
  assert.ok(await card.locator(".qr-code").evaluate((image) => image.naturalWidth > 0));
  assert.match(await card.getByRole("link", { name: "Ábrela aquí" }).getAttribute("href"), /^otpauth:\/\/totp\//);
  await ana.check();
  await card.getByRole("button", { name: "Copiar: Llave" }).click();
  const key = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal((await card.locator("code").textContent()).replaceAll(" ", ""), key);

  await ana.send({ oneTimeCode: "000000" }, card.locator("form"));
  await card.locator(".field-error").waitFor();
  assert.equal(await ana.focused(), "oneTimeCode");
  await ana.send({ oneTimeCode: oneTimeCode(key) }, card.locator("form"));
  await card.getByRole("heading", { name: "Códigos de recuperación" }).waitFor();
  assert.equal(await focusedText(), "Códigos de recuperación");
  const codes = await card.locator(".recovery-codes code").allTextContents();
  assert.equal(new Set(codes).size, 10);
  await ana.check();
  await card.getByRole("button", { name: "Copiar: Códigos de recuperación" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), codes.join("\n"));
  const [file] = await Promise.all([page.waitForEvent("download"), card.getByRole("link", { name: "Descargar" }).click()]);
  assert.equal(file.suggestedFilename(), "codigos-de-recuperacion.txt");
  const written = await readFile(await file.path(), "utf8");
  assert.ok(codes.every((code) => written.includes(code)));
  await card.getByRole("button", { name: "Ya los guardé" }).click();
  await card.getByText("Te quedan 10 códigos").waitFor();
  assert.equal(await focusedText(), "Verificación en dos pasos");
  assert.ok(!(await kept()).includes(codes[0]));

  await ana.requireProof("CreateRecoveryCodes", ["TOTP", "RECOVERY_CODE"]);
  await card.getByRole("button", { name: "Crear otros códigos" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sí, crear otros" }).click();
  const dialog = page.getByRole("dialog", { name: "Confirma que eres tú" });
  await dialog.waitFor();
  assert.equal(await ana.focused(), "oneTimeCode");
  await ana.check();
  await ana.send({ oneTimeCode: "000000" }, dialog.locator("form"));
  await dialog.locator(".field-error").waitFor();
  await ana.send({ oneTimeCode: codes[0] }, dialog.locator("form"));
  await card.getByRole("heading", { name: "Códigos de recuperación" }).waitFor();
  const others = await card.locator(".recovery-codes code").allTextContents();
  assert.ok(others.every((code) => !codes.includes(code)));
  await page.reload();
  await card.getByText("Te quedan 10 códigos").waitFor();

  await card.getByRole("button", { name: "Desactivar" }).click();
  await ana.check();
  await page.keyboard.press("Escape");
  await card.getByRole("button", { name: "Desactivar" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sí, desactivar" }).click();
  await ana.said("Tu cuenta ya solo pide la clave");
  await card.getByRole("button", { name: "Activar" }).waitFor();
  assert.deepEqual(ana.complaints, []);
});

test("the RFC is changed after a proof, and nothing that was typed is lost on the way", async () => {
  const page = await open();
  const card = page.getByRole("region", { name: "RFC" });
  await card.getByText("Cambiar RFC").first().click();
  await ana.send({ rfc: "EKU900" }, card.locator("form"));
  await card.locator(".field-error").waitFor();
  await ana.fill({ rfc: "CACX7605101P8" }, card.locator("form"));
  await page.reload();
  assert.equal(await card.locator("[name=rfc]").inputValue(), "CACX7605101P8");

  await ana.requireProof("ChangeRfc", ["PASSWORD"], 2);
  await ana.send({}, card.locator("form"));
  const dialog = page.getByRole("dialog", { name: "Confirma que eres tú" });
  await dialog.waitFor();
  assert.equal(await ana.focused(), "password");
  const fields = await dialog.locator("input").evaluateAll((all) => all.map(({ autocomplete }) => autocomplete));
  assert.deepEqual(fields, ["username", "current-password"]);
  await ana.check();
  await page.keyboard.press("Escape");
  await card.getByText("escribe tu clave otra vez").waitFor();
  await dialog.waitFor({ state: "detached" });
  assert.equal(await card.locator("[name=rfc]").inputValue(), "CACX7605101P8");

  await ana.send({}, card.locator("form"));
  await ana.send({ password: "equivocada" }, dialog.locator("form"));
  await dialog.locator(".field-error").waitFor();
  assert.equal(await ana.focused(), "password");
  await page.route(`${service}/graphql`, (route) => route.abort("connectionreset"));
  await ana.send({ password: PASSWORD }, dialog.locator("form"));
  await dialog.getByText("No pudimos conectarnos").waitFor();
  await page.unroute(`${service}/graphql`);
  await ana.send({}, dialog.locator("form"));
  await ana.said("Cambiaste el RFC");
  await dialog.waitFor({ state: "detached" });
  await card.getByText("CACX7605101P8").waitFor();
  assert.equal(await focusedText(), "RFC");
  assert.ok(!(await kept()).includes("CACX7605101P8"));
  assert.ok(!(await kept()).includes(PASSWORD));
});

test("another e-mail is confirmed by the mail's link after signing in, and taken back by the former one", async () => {
  const page = await open();
  const former = ana.email;
  const next = `otra.${former}`;
  const card = page.getByRole("region", { name: "Correo electrónico" });
  await card.getByText("Cambiar correo").click();
  await ana.send({ email: next }, card.locator("form"));
  await ana.said("Enviamos un código");
  await card.getByText(`Falta confirmar ${next}`).waitFor();
  await ana.check();
  ana.email = next;
  const code = await followedCode("confirmar-correo");
  await ana.send({ code: "x".repeat(40) }, card.locator("form").first());
  await card.locator("form .message, .field-error").first().waitFor();
  assert.ok(!(await kept()).includes("x".repeat(40)));

  await ana.context.clearCookies();
  await ana.go(`/confirmar-correo#${code}`);
  await ana.at("/entrar");
  assert.ok(!(await kept()).includes(code));
  await ana.send({ email: former, password: PASSWORD });
  await ana.at("/confirmar-correo");
  assert.equal(await page.locator("[name=code]").inputValue(), code);
  assert.ok(!ana.operations.includes("RevertEmail"));
  await ana.check();
  await ana.send();
  await ana.at("/seguridad");
  await ana.said("Tu cuenta ya tiene el nuevo correo");
  await card.getByText(next, { exact: true }).waitFor();
  assert.equal(await card.getByText("Falta confirmar").count(), 0);

  ana.email = former;
  ana.codes = [];
  const back = await followedCode("restaurar-correo");
  await ana.go(`/restaurar-correo#${back}`);
  await page.getByRole("button", { name: "Regresar al correo anterior" }).waitFor();
  await ana.at("/restaurar-correo");
  await page.waitForLoadState("networkidle");
  assert.ok(!ana.operations.includes("RevertEmail"));
  await ana.check();
  await ana.send();
  await ana.at("/recuperar");
  await ana.said("vuelve a tener el correo");
  assert.equal(await page.locator("[name=email]").inputValue(), former);
  await page.getByRole("link", { name: "Entrar", exact: true }).waitFor();
  assert.equal(await page.getByText("Tu sesión terminó").count(), 0);
  assert.deepEqual(ana.complaints, []);
});

test("a link to take an e-mail back needs no session, and a code that is none says so", async () => {
  const page = await open();
  await ana.context.clearCookies();
  await ana.go(`/restaurar-correo#${"2".repeat(40)}`);
  await page.getByRole("button", { name: "Regresar al correo anterior" }).click();
  await page.locator("main form .message").waitFor();
  await ana.at("/restaurar-correo");
  await ana.check();
});

test("sessions have names, and a stranger's is ended where it was seen", async () => {
  const page = await open();
  const sessions = page.getByRole("region", { name: "Sesiones abiertas" });
  await sessions.getByRole("button", { name: /^Nombrar / }).click();
  assert.equal(await ana.focused(), "deviceName");
  await ana.send({ deviceName: "x".repeat(200) }, sessions.locator("form"));
  await sessions.locator(".field-error").waitFor();
  await ana.check();
  await ana.send({ deviceName: "Laptop de la oficina" }, sessions.locator("form"));
  await ana.said("Guardamos el nombre");
  await sessions.getByText("Laptop de la oficina").waitFor();

  const stranger = await Taxpayer.open(browser, { service, app });
  stranger.email = ana.email;
  await stranger.go("/entrar");
  await stranger.send({ email: ana.email, password: "equivocada" });
  await stranger.page.locator("main form .message").waitFor();
  await stranger.signIn();
  for (let number = 0; number < 8; number += 1) {
    await ana.ask("UpdateAccount", { language: number % 2 ? "ES" : "EN" });
  }
  await page.reload();
  const events = page.getByRole("region", { name: "Actividad reciente" });
  await events.locator(".row").first().waitFor();
  await ana.check();
  assert.equal(await events.locator(".row").count(), 10);
  await events.getByRole("button", { name: "Ver más" }).click();
  await events.getByText("Quizá no fuiste tú").first().waitFor();
  await events.getByRole("button", { name: /^Cerrar la sesión/ }).click();
  await ana.said("Cerramos esa sesión");
  await page.waitForFunction(() => !document.body.textContent.includes("Cerrar las demás sesiones"));
  assert.equal(await focusedText(), "Actividad reciente");
  await events.getByRole("button", { name: "Actualizar" }).click();
  await stranger.go("/cuenta");
  await stranger.at("/entrar");
  await stranger.context.close();
  assert.deepEqual(ana.complaints, []);
});

test("a copy of the data comes by a link that works once", async () => {
  const page = await open();
  await ana.requireProof("ExportAccount", ["PASSWORD"]);
  await page.getByRole("button", { name: "Enviarme el enlace" }).click();
  const dialog = page.getByRole("dialog", { name: "Confirma que eres tú" });
  await ana.send({ password: PASSWORD }, dialog.locator("form"));
  await ana.said("Te enviamos un correo");
  const code = await followedCode("exports", service);

  await page.goto(`${service}/exports#${code}`);
  await page.getByText("El código del enlace ya está puesto").waitFor();
  assert.equal(new URL(page.url()).hash, "");
  await ana.check();
  const press = () => page.getByRole("button", { name: "Descargar" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), press()]);
  assert.match(file.suggestedFilename(), /^account-data-.*\.zip$/);
  assert.equal((await readFile(await file.path())).subarray(0, 2).toString(), "PK");
  await press();
  await page.getByText("Este enlace ya se usó").waitFor();
  await page.getByRole("link", { name: "Volver" }).click();
  await page.getByLabel("Código del correo").waitFor();
});

test("an account that is to be deleted says so on every page, and can be kept", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Eliminar mi cuenta" }).click();
  const question = page.getByRole("dialog", { name: "¿Eliminar tu cuenta?" });
  await ana.check();
  await ana.requireProof("RequestAccountDeletion", ["PASSWORD"]);
  await question.getByRole("button", { name: "Eliminar mi cuenta" }).click();
  const dialog = page.getByRole("dialog", { name: "Confirma que eres tú" });
  await dialog.getByRole("button", { name: "Cancelar" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.locator(".standing .message").count(), 0);

  await page.getByRole("button", { name: "Eliminar mi cuenta" }).click();
  await question.getByRole("button", { name: "Eliminar mi cuenta" }).click();
  await ana.said("Eliminaremos tu cuenta el");
  for (const path of ["/seguridad", "/pago", "/cuenta"]) {
    await ana.go(path);
    await page.locator(".standing").getByText("Tu cuenta se eliminará el").waitFor();
    await page.getByRole("heading", { level: 1 }).waitFor(); // what the page itself loads comes later
    await ana.check();
  }
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("button", { name: "Keep my account" }).waitFor();
  assert.equal(await page.locator(".standing [lang]").count(), 0);
  await page.getByRole("button", { name: "Español" }).click();
  await page.getByRole("button", { name: "Conservar mi cuenta" }).click();
  await ana.said("Tu cuenta se queda como está");
  assert.equal(await page.locator(".standing .message").count(), 0);
  assert.deepEqual(ana.complaints, []);
});

test("the language of mails is another choice than that of the pages", async () => {
  const page = await open({ language: "en-US" });
  const card = page.getByRole("region", { name: "Language of emails" });
  await card.locator("select").selectOption("EN");
  await card.getByRole("button", { name: "Save language" }).click();
  await ana.said("saved");
  await page.getByRole("button", { name: "Español" }).click();
  await page.reload();
  await page.getByRole("heading", { name: "Idioma de los correos" }).waitFor();
  assert.equal(await page.locator("select").inputValue(), "EN");
  await ana.check();
});

test("a page whose script does not come can be asked for again", async () => {
  const page = await open();
  await ana.go("/cuenta");
  await page.route("**/SecurityScreen*", (route) => route.abort("connectionreset"));
  await page.getByRole("link", { name: "Seguridad" }).click();
  await page.getByText("No pudimos conectarnos").waitFor();
  await ana.check();
  await page.unroute("**/SecurityScreen*");

  await page.getByRole("button", { name: "Intentar de nuevo" }).click();

  await page.getByRole("heading", { name: "Seguridad" }).waitFor();
});

/** Waits for the mail that leads to a page, and returns its code. */
async function followedCode(path, from = app) {
  for (let tries = 0; tries < 100; tries += 1) {
    const mails = await (await fetch(`${service}/mail.json?to=${ana.email}`)).json();
    const link = mails.flatMap(({ links }) => links).find((each) => each.startsWith(`${from}/${path}#`));
    if (link) return link.split("#")[1];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("no mail");
}

const focusedText = () => ana.page.evaluate(() => document.activeElement?.textContent);
const kept = () => ana.page.evaluate(() => JSON.stringify({ ...sessionStorage }) + JSON.stringify({ ...localStorage }));
