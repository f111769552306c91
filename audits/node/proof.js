// Gets past a captcha by ALTCHA's widget and the keyboard alone: node proof.js CHROMIUM URL

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";

import { launch } from "./browser.js";
import { operations } from "./operations.js";

const [, , executablePath, url] = process.argv;
const SOLVING = 60_000; // milliseconds, on a machine that is busy with other audits
const widget = readFileSync(new URL(import.meta.resolve("altcha")));
const browser = await launch(executablePath);

const server = createServer((request, response) => {
  const [type, content] = request.url === "/altcha.js" ? ["text/javascript", widget] : ["text/html", "<!doctype html>"];
  response.setHeader("Content-Type", type).end(content);
});
await once(server.listen(0, "127.0.0.1").unref(), "listening");

async function run(operation, variables) {
  const body = JSON.stringify({ query: operations[operation], variables });
  const response = await fetch(`${url}/graphql`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  return Object.values((await response.json()).data)[0];
}

test("the widget's answer is accepted once", async () => {
  const { captcha } = await run("CreateCaptcha");
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.addScriptTag({ url: "/altcha.js", type: "module" });
  await page.evaluate((challenge) => {
    const element = document.createElement("altcha-widget");
    element.setAttribute("challenge", challenge);
    document.body.append(element);
  }, captcha.proofOfWork.challenge);

  await page.getByRole("checkbox").focus();
  await page.keyboard.press("Space");
  const solved = () => document.querySelector("input[name=altcha]")?.value;
  const answer = await (await page.waitForFunction(solved, null, { timeout: SOLVING })).jsonValue();
  const outcomes = [];
  for (const email of ["ana@example.com", "eva@example.com"]) {
    const { __typename } = await run("RecoverPassword", { input: { email, captcha: { id: captcha.id, answer } } });
    outcomes.push(__typename);
  }

  assert.deepEqual(outcomes, ["RecoverPasswordSuccess", "CaptchaMismatchError"]);
});
