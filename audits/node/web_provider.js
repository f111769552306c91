// A captcha of a provider, whose script and verification this file plays: node web_provider.js CHROMIUM SERVICE APP PORT

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";

import { launchFresh } from "./browser.js";
import { PASSWORD, Taxpayer } from "./taxpayer.js";

const [, , executablePath, service, app, port] = process.argv;
const WIDGET = `globalThis.turnstile = { render(place, { sitekey, callback, cData }) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "I am " + sitekey });
  button.onclick = () => callback("token." + cData);
  place.append(button);
} };`;

const verified = [];
const provider = createServer(async (request, response) => {
  const token = new URLSearchParams(Buffer.concat(await request.toArray()).toString()).get("response");
  verified.push(token);
  response.end(JSON.stringify({ success: true, hostname: "127.0.0.1", cdata: token.replace("token.", "") }));
}).listen(Number(port), "127.0.0.1");
after(() => provider.close());
const browser = await launchFresh(executablePath);

test("the widget's token lets one in; until it loads, one can try again", async () => {
  const ana = await Taxpayer.open(browser, { service, app });
  const { page } = ana;
  await ana.register();
  await ana.confirm();
  for (let tries = 0; tries < 3; tries += 1) {
    await ana.send({ password: "equivocada" });
    await page.locator("main form .message").waitFor();
  }
  await page.getByText("La verificación no respondió").waitFor();
  await page.route("https://challenges.cloudflare.com/**", (route) =>
    route.fulfill({ contentType: "text/javascript", body: WIDGET }),
  );
  await page.getByRole("button", { name: "Intentar de nuevo" }).click();
  await page.getByRole("button", { name: "I am site-key" }).click();
  await ana.check();
  await ana.send({ password: PASSWORD });
  await ana.at("/empresa");
  assert.equal(verified.length, 1);
  assert.match(verified[0], /^token\..{20,}/);
  await ana.context.close();
});
