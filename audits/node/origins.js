// The session's cookie and pages of other origins, in a browser: node origins.js CHROMIUM URL LISTED EMAIL PASSWORD
//
// LISTED is the file descriptor of a listening socket, whose port ALLOWED_ORIGINS lists at 127.0.0.1 and at localhost.
// To a browser these two are different sites, while other ports are other origins of the same site.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { test } from "node:test";

import { launch } from "./browser.js";

const [, , executablePath, url, descriptor, email, password] = process.argv;
const browser = await launch(executablePath);
const endpoint = `${url}/graphql`;

const listedPort = await serveEmptyPages({ fd: Number(descriptor) });
const foreignPort = await serveEmptyPages({ host: "127.0.0.1", port: 0 });
const LISTED = `http://127.0.0.1:${listedPort}`;
const LISTED_ELSEWHERE = `http://localhost:${listedPort}`;
const FOREIGN = [`http://127.0.0.1:${foreignPort}`, `http://localhost:${foreignPort}`];

const BY_COOKIE = { email, password, transport: "COOKIE" };
const BY_BEARER = { email, password, transport: "BEARER" };
const REFUSED = "TypeError: Failed to fetch";

/** Serves them until the process ends, and returns the port. */
async function serveEmptyPages(where) {
  const server = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<!doctype html>"));
  await once(server.listen(where).unref(), "listening");
  return server.address().port;
}

async function open(address) {
  const page = await browser.newPage();
  await page.goto(address);
  return page;
}

/** What a script of the page learns: the value of the operation's root field, or why there is none. */
async function ask(page, operation, input, { mode = "cors", headers = {} } = {}) {
  const query = await readFile(new URL(`../../graphql/operations/${operation}.graphql`, import.meta.url), "utf-8");
  const request = {
    method: "POST",
    mode,
    credentials: "include",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ query, variables: { input } }),
  };
  return page.evaluate(fetchInPage, [endpoint, request]);
}

async function fetchInPage([target, request]) {
  try {
    const { data, errors } = await (await fetch(target, request)).json();
    return errors ?? Object.values(data)[0];
  } catch (error) {
    return String(error);
  }
}

test("a listed page signs in with a cookie that no script sees", async () => {
  const page = await open(LISTED);

  const login = await ask(page, "Login", BY_COOKIE);

  const [cookie] = await browser.cookies(url);
  assert.deepEqual([login.__typename, login.token], ["LoginSuccess", null]);
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ["session", true, "Lax"]);
  for (const address of [LISTED, endpoint]) {
    assert.equal(await (await open(address)).evaluate(() => document.cookie), "");
  }
});

test("a listed page reads with the cookie", async () => {
  const page = await open(LISTED);
  await ask(page, "Login", BY_COOKIE);

  const me = await ask(page, "Me");

  assert.equal(me.email, email);
});

test("the service's own page signs in with a cookie and reads with it", async () => {
  const page = await open(endpoint);
  await ask(page, "Login", BY_COOKIE);

  const me = await ask(page, "Me");

  assert.equal(me.email, email);
});

test("logging out forgets the cookie", async () => {
  const page = await open(LISTED);
  await ask(page, "Login", BY_COOKIE);

  const logout = await ask(page, "Logout");

  assert.equal(logout.__typename, "LogoutSuccess");
  assert.deepEqual(await browser.cookies(url), []);
  assert.equal(await ask(page, "Me"), null);
});

test("a listed page of any site reads with a BEARER token", async () => {
  const page = await open(LISTED_ELSEWHERE);
  const { token } = await ask(page, "Login", BY_BEARER);

  const me = await ask(page, "Me", undefined, { headers: { Authorization: `Bearer ${token}` } });

  assert.equal(me.email, email);
});

test("a page of another site does not even send the cookie", async () => {
  await ask(await open(LISTED), "Login", BY_COOKIE);
  const page = await open(LISTED_ELSEWHERE);

  const me = await ask(page, "Me");

  assert.equal(me, null);
});

for (const origin of FOREIGN) {
  const { hostname } = new URL(origin);

  test(`a page of ${hostname} that is not listed reads no answer`, async () => {
    const page = await open(origin);
    const query = `${endpoint}?query={passwordPolicy{minimumLength}}`;

    const got = await page.evaluate(fetchInPage, [query, { credentials: "include" }]);
    const posted = await ask(page, "PasswordPolicy");

    assert.deepEqual([got, posted], [REFUSED, REFUSED]);
  });

  test(`a page of ${hostname} that is not listed cannot sign in with a cookie`, async () => {
      const page = await open(origin);

    const answer = await ask(page, "Login", BY_COOKIE);
    await ask(page, "Login", BY_COOKIE, { mode: "no-cors" });

    assert.equal(answer, REFUSED);
    assert.deepEqual(await browser.cookies(url), []);
  });

  test(`a page of ${hostname} that is not listed cannot use the cookie of whoever is signed in`, async () => {
      const own = await open(LISTED);
    await ask(own, "Login", BY_COOKIE);
    const page = await open(origin);

    const answers = [await ask(page, "Me"), await ask(page, "Logout")];
    await ask(page, "Logout", undefined, { mode: "no-cors" });

    assert.deepEqual(answers, [REFUSED, REFUSED]);
    assert.equal((await ask(own, "Me")).email, email);
  });
}

test("a page frames nothing of the service", async () => {
  const page = await open(LISTED);
  const [another] = FOREIGN;
  const addresses = [endpoint, `${endpoint}?query={__typename}`, `${url}/nothing`, another];

  await page.setContent(addresses.map((address) => `<iframe src="${address}"></iframe>`).join(""));

  const framed = page.mainFrame().childFrames().map((frame) => frame.url());
  assert.deepEqual(framed, [...Array(3).fill("chrome-error://chromewebdata/"), `${another}/`]);
});
