// Checks GraphiQL in a browser: node graphiql.js CHROMIUM URL

import assert from "node:assert/strict";
import { test } from "node:test";

import { launch } from "./browser.js";
import { operations } from "./operations.js";

const [, , executablePath, url] = process.argv;
const browser = await launch(executablePath);

// Of all visits, including violations of the page's Content-Security-Policy.
const complaints = [];
const requested = [];

async function visit() {
  const page = await browser.newPage();
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => requested.push(request.url()));
  await page.goto(`${url}/graphql`);
  await page.getByRole("tab", { name: "PasswordPolicy" }).waitFor();
  return page;
}

/** Runs the tab's operation and returns the line of the result with this text. */
async function run(page, text) {
  await page.getByRole("button", { name: "Execute query" }).click();
  const line = page.getByLabel("Result Window").locator(".CodeMirror-line", { hasText: text });
  await line.waitFor();
  return line;
}

async function openDocumentation(page) {
  await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
  await page.getByText("Root Types").waitFor();
}

test("every operation has a tab", async () => {
  const page = await visit();

  const names = await page.getByRole("tab").allInnerTexts();

  assert.deepEqual(names.sort(), Object.keys(operations).sort());
});

test("an operation runs, and its result is shown", async () => {
  const page = await visit();

  const line = await run(page, "minimumLength");

  assert.equal((await line.innerText()).trim(), '"minimumLength": 8,');
});

test("the documentation shows the schema", async () => {
  const page = await visit();
  await openDocumentation(page);

  await page.getByRole("link", { name: "Query", exact: true }).click();

  await page.getByText("Returns the rules for new passwords.").waitFor();
});

test("the editor completes field names", async () => {
  const page = await visit();
  await openDocumentation(page); // waits for the schema
  await page.getByLabel("Query Editor").locator(".CodeMirror").click();
  await page.keyboard.press("ControlOrMeta+A");

  await page.keyboard.type("{ passw");

  await page.locator(".CodeMirror-hints").getByText("passwordPolicy").waitFor();
});

test("pointing at a captcha shows its image", async () => {
  const page = await visit();
  await page.getByRole("tab", { name: "CreateCaptcha" }).click();
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300))); // GraphiQL handles new text after 100 ms
  const line = await run(page, "data:image/");

  await line.getByText("data:image/").hover();

  const image = page.locator(".CodeMirror-info img");
  await image.waitFor();
  await image.evaluate((element) => element.decode());
});

test("the settings open in a dialog", async () => {
  const page = await visit();

  await page.getByRole("button", { name: "Open settings dialog" }).click();

  await page.getByRole("dialog").getByText("Theme").waitFor();
});

test("no input or output is stored", async () => {
  const page = await visit();
  await run(page, "minimumLength");

  const stored = await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]);

  assert.deepEqual(stored, []);
});

test("no visit logged a warning or an error in the console", () => {
  const upstream = "Warning: Missing `Description`"; // of GraphiQL's own dialogs

  assert.deepEqual(complaints.filter((text) => !text.startsWith(upstream)), []);
});

test("no visit sent a request to another origin", () => {
  const elsewhere = requested.filter((target) => !target.startsWith(`${url}/`) && !target.startsWith("data:"));

  assert.notEqual(requested.length, 0);
  assert.deepEqual(elsewhere, []);
});
