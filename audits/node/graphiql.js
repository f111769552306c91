// Checks GraphiQL in a browser: node graphiql.js CHROMIUM URL DATA_DIR

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";

import { launch } from "./browser.js";
import { operations } from "./operations.js";

const [, , executablePath, url, dataDir] = process.argv;
const browser = await launch(executablePath);

// Of all visits, including violations of the page's Content-Security-Policy.
const complaints = [];
const requested = [];

/** Opens GraphiQL as at a first visit, and alone: another page stores its tabs half a second after a change. */
async function visit() {
  const page = await browser.newPage();
  const others = browser.pages().filter((other) => other !== page);
  await Promise.all(others.map((other) => other.close()));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => requested.push(request.url()));
  await page.goto(`${url}/graphiql/graphiql.css`); // of the same origin, to clear what an earlier visit kept
  await page.evaluate(() => localStorage.clear());
  await page.goto(`${url}/graphql`);
  await ready(page);
  return page;
}

async function ready(page) {
  await page.getByRole("tab", { name: "PasswordPolicy" }).waitFor();
  await page.getByLabel("Query Editor").locator(".CodeMirror-line", { hasText: /query|mutation/ }).first().waitFor();
}

/** Opens a tab. GraphiQL handles its text after 100 ms. */
async function open(page, name) {
  await page.getByRole("tab", { name, exact: true }).click();
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
}

/** The editor of variables or headers, whichever is open. */
const toolEditor = (page) => page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror");

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
  await open(page, "CreateCaptcha");
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

test("the tabs lead from a registration to a signed-in account", async () => {
  const page = await visit();
  const steps = {
    CreateAccount: "CreateAccountSuccess",
    ConfirmAccount: "ConfirmAccountSuccess",
    Login: "LoginSuccess",
    Me: "ana@example.com",
    ConfigureCompany: "ConfigureCompanySuccess",
    CreateSeries: "CreateSeriesSuccess",
    UpdateSeries: "UpdateSeriesSuccess",
    RequestBankDeposit: "RequestBankDepositSuccess",
    Logout: "LogoutSuccess",
  };

  for (const [name, text] of Object.entries(steps)) {
    await open(page, name);
    if (name === "ConfirmAccount") await mailed();
    await run(page, text);
  }
});

async function mailed() {
  for (let tries = 0; tries < 50; tries += 1) {
    if ((await readdir(`${dataDir}/mail`).catch(() => [])).some((file) => file.endsWith(".eml"))) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test("a captcha's image is shown below the answer", async () => {
  const page = await visit();
  await open(page, "CreateCaptcha");
  await run(page, "data:image/");

  const image = page.getByRole("img", { name: "Image in the answer" });
  await image.waitFor();
  await image.evaluate((element) => element.decode());

  await open(page, "Plans");
  await image.waitFor({ state: "detached" });
  await open(page, "CreateCaptcha");
  await image.waitFor();
});

test("a captcha's clip can be played", async () => {
  const page = await visit();
  await open(page, "CreateCaptcha");
  if ("CaptchaAudio" in operations) {
    await run(page, "data:image/");
    await open(page, "CaptchaAudio");
  }
  await run(page, "data:audio/");

  const seconds = await page.getByLabel("Clip in the answer").evaluate(async (clip) => {
    await clip.play();
    return clip.duration;
  });

  assert.ok(seconds > 5, `the clip has ${seconds} seconds`);
});

test("what was typed is kept over a reload, until the tabs are restored", async () => {
  const page = await visit();
  const editor = toolEditor(page);
  await open(page, "Login");
  await editor.click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type('{"input": {"email": "eva@example.com"');
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 700))); // GraphiQL stores after 500 ms

  await page.reload();
  await ready(page);
  assert.equal(await page.getByRole("tab").count(), Object.keys(operations).length);
  assert.match(await editor.innerText(), /eva@example\.com/);

  const restore = page.getByRole("button", { name: "Restore all tabs" });
  await Promise.all([page.waitForEvent("load"), restore.click()]);
  await ready(page);
  await open(page, "Login");
  assert.match(await editor.innerText(), /ana@example\.com/);
});

test("no answer, header or history is stored", async () => {
  const page = await visit();
  await page.getByRole("button", { name: "Headers" }).click();
  await toolEditor(page).click();
  await page.keyboard.type('{"x-secret": "hunter2"');
  await run(page, "minimumLength");
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 700)));

  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));

  assert.match(stored, /tabState/);
  assert.doesNotMatch(stored, /hunter2|"minimumLength\\*": ?8/);
});

test("the toolbar leads to the mails", async () => {
  const page = await visit();

  const link = page.getByRole("toolbar").getByRole("link", { name: "Mails" });

  assert.equal(await link.getAttribute("href"), "/mail");
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
