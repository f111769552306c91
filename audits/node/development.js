// Checks the development pages in a browser: node development.js CHROMIUM URL

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";

import { launch } from "./browser.js";
import { operations } from "./operations.js";

const [, , executablePath, url] = process.argv;
const browser = await launch(executablePath);
await browser.grantPermissions(["clipboard-read", "clipboard-write"], { origin: url });

// The app, of another origin: PAYPAL_RETURN_URL leads to port 5173.
const app = createServer((_, response) => response.end("<!doctype html><title>App</title>")).listen(5173, "localhost");
after(() => app.close());

// Of all visits, including violations of the pages' Content-Security-Policy.
const complaints = [];

async function visit(path) {
  const page = await browser.newPage();
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(new URL(path, url).href);
  return page;
}

async function run(operation, input, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const body = JSON.stringify({ query: operations[operation], variables: input && { input } });
  const { data } = await (await fetch(`${url}/graphql`, { method: "POST", headers, body })).json();
  return Object.values(data)[0];
}

async function mailedCode(email) {
  for (let tries = 0; tries < 100; tries += 1) {
    const [mail] = await (await fetch(`${url}/mail.json?count=1&to=${email}`)).json();
    if (mail?.codes.length) return mail.codes[0];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("no mail");
}

/** Returns the token of somebody who can pay. */
async function payer(name) {
  const email = `${name}@example.com`;
  const password = "una frase larga";
  await run("CreateAccount", { rfc: "EKU9003173C9", email, password, passwordConfirmation: password });
  await run("ConfirmAccount", { code: await mailedCode(email) });
  const { token } = await run("Login", { email, password });
  await run("ConfigureCompany", { legalName: "ESCUELA KEMPER URGATE", taxRegime: "601", postalCode: "26015" }, token);
  await run("CreateSeries", { name: "A" }, token);
  return token;
}

test("a new mail appears by itself, and its code is copied by keyboard", async () => {
  const page = await visit("/mail");
  await run("CreateAccount", {
    rfc: "EKU9003173C9",
    email: "mail@example.com",
    password: "una frase larga",
    passwordConfirmation: "una frase larga",
  });

  const button = page.getByRole("button", { name: "Copy the code for mail@example.com" });
  await button.waitFor();
  await button.focus();
  await page.keyboard.press("Enter");
  await page.getByText("Copied", { exact: true }).first().waitFor();

  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await mailedCode("mail@example.com"));
});

test("a mail is rendered in a frame, and its link opens a page of its own", async () => {
  const page = await visit("/mail");
  await page.getByRole("link", { name: "Confirma tu cuenta" }).first().click();
  const frame = page.frameLocator("iframe");
  await frame.getByText("Código de confirmación").waitFor();

  const opened = browser.waitForEvent("page");
  await frame.getByRole("link", { name: "Timbrado" }).click();

  assert.equal((await opened).url().startsWith("http://localhost:5173"), true);
  assert.match(page.url(), /\/mail\//);
});

test("a click on the approval page leads to the app's origin, and a refund is reported", async () => {
  const token = await payer("paypal");
  const { approvalUrl, orderId } = await run("StartPayPalPayment", { planId: "negocio" }, token);
  const page = await visit(approvalUrl);

  await page.getByRole("button", { name: "Approve and go back" }).press("Enter");
  await page.waitForURL(/^http:\/\/localhost:5173\//);
  const back = new URL(page.url());
  const completed = await run("CompletePayPalPayment", { orderId }, token);
  await page.goto(`${url}/paypal`);
  await page.getByRole("button", { name: `Refund, order ${orderId}` }).click();

  assert.equal(back.searchParams.get("token"), orderId);
  assert.equal(completed.__typename, "CompletePayPalPaymentSuccess");
  await page.getByText("PAYMENT.CAPTURE.REFUNDED was sent. The service answered 204.").waitFor();
});

test("a deposit arrives by a click", async () => {
  const token = await payer("bank");
  const { deposit } = await run("RequestBankDeposit", { planId: "negocio" }, token);
  const page = await visit("/bank");

  await page.getByRole("button", { name: `Wrong amount, reference ${deposit.reference}` }).click();
  await page.getByText("1161.00 was paid instead of 1160.00; nothing was done").waitFor();
  await page.getByRole("button", { name: `Deposit came, reference ${deposit.reference}` }).click();

  await page.getByText(": confirmed, 1160.00 MXN").waitFor();
  const { activation } = await run("Me", undefined, token);
  assert.equal(activation.method, "BANK_DEPOSIT");
});

test("no page scrolls sideways on a narrow screen", async () => {
  const wide = [];
  for (const path of ["/development", "/mail", "/paypal", "/bank"]) {
    const page = await visit(path);
    await page.setViewportSize({ width: 320, height: 640 });
    if (await page.evaluate(() => document.documentElement.scrollWidth > 320)) wide.push(path);
  }

  assert.deepEqual(wide, []);
});

test("nothing is complained about", () => {
  const refused = complaints.filter((text) => text.includes("status of 409")); // of the deposit with a wrong amount

  assert.equal(refused.length, 1);
  assert.deepEqual(complaints.filter((text) => !refused.includes(text)), []);
});
