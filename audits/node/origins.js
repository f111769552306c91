// Checks the session cookie with pages of other origins, in a browser:
// node origins.js CHROMIUM URL LISTED EMAIL PASSWORD
//
// LISTED is the file descriptor of a listening socket; ALLOWED_ORIGINS lists its port at app.site.example. The service
// is reached at URL, where all pages of this machine are allowed, and at api.site.example. To a browser, 127.0.0.1,
// localhost, site.example and evil.example are different sites. Other ports, and names below site.example, are other
// origins of the same site, for which it sends the cookie.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";

import { launch } from "./browser.js";
import { operations } from "./operations.js";

const [, , executablePath, url, descriptor, email, password] = process.argv;
const browser = await launch(executablePath);
const endpoint = `${url}/graphql`;
const namedEndpoint = `http://api.site.example:${new URL(url).port}/graphql`;

const listedPort = await serveEmptyPages({ fd: Number(descriptor) });
const foreignPort = await serveEmptyPages({ host: "127.0.0.1", port: 0 });
const NEIGHBOR = `http://127.0.0.1:${listedPort}`;
const OTHER_SITE = `http://localhost:${listedPort}`;
const LISTED = `http://app.site.example:${listedPort}`;
const FOREIGN = [`http://evil.site.example:${foreignPort}`, `http://evil.example:${foreignPort}`];
const TRACING = { traceparent: "00-1-1-00", baggage: "a=b", "sentry-trace": "1-1", "x-apollo-operation-name": "Me" };

const BY_COOKIE = { email, password, transport: "COOKIE" };
const BY_BEARER = { email, password, transport: "BEARER" };
const REFUSED = "TypeError: Failed to fetch";

/** Serves empty pages until the process ends. Returns the port. */
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

/** Sends the operation from a script of the page. Returns the value of its root field, its errors or an exception's text. */
async function ask(page, operation, input, { to = endpoint, method = "POST", mode = "cors", headers = {} } = {}) {
  const query = operations[operation];
  const request = { method, mode, credentials: "include", headers };
  if (method === "GET") return page.evaluate(fetchInPage, [`${to}?${new URLSearchParams({ query })}`, request]);
  request.headers = { "Content-Type": "application/json", ...headers };
  request.body = JSON.stringify({ query, variables: { input } });
  return page.evaluate(fetchInPage, [to, request]);
}

async function fetchInPage([target, request]) {
  try {
    const { data, errors } = await (await fetch(target, request)).json();
    return errors ?? Object.values(data)[0];
  } catch (error) {
    return String(error);
  }
}

for (const [what, address, to] of [
  ["a page of this machine", NEIGHBOR, endpoint],
  ["a listed page", LISTED, namedEndpoint],
  ["the service's own page", endpoint, endpoint],
]) {
  test(`${what} signs in with a cookie that scripts cannot read`, async () => {
    const page = await open(address);

    const login = await ask(page, "Login", BY_COOKIE, { to });

    const [cookie] = await browser.cookies(to);
    assert.deepEqual([login.__typename, login.token], ["LoginSuccess", null]);
    assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ["session", true, "Lax"]);
    for (const opened of [address, to]) {
      assert.equal(await (await open(opened)).evaluate(() => document.cookie), "");
    }
  });

  for (const method of ["POST", "GET"]) {
    test(`${what} reads with the cookie by ${method}`, async () => {
      const page = await open(address);
      await ask(page, "Login", BY_COOKIE, { to });

      const me = await ask(page, "Me", undefined, { to, method });

      assert.equal(me.email, email);
    });
  }
}

test("logging out deletes the cookie", async () => {
  const page = await open(NEIGHBOR);
  await ask(page, "Login", BY_COOKIE);

  const logout = await ask(page, "Logout");

  assert.equal(logout.__typename, "LogoutSuccess");
  assert.deepEqual(await browser.cookies(url), []);
  assert.equal(await ask(page, "Me"), null);
});

test("a cookie whose session has ended is deleted", async () => {
  const page = await open(NEIGHBOR);
  await ask(page, "Login", BY_COOKIE);
  const [{ value }] = await browser.cookies(url);
  await ask(page, "Logout", undefined, { headers: { Authorization: `Bearer ${value}` } });

  const me = await ask(page, "Me");

  assert.equal(me, null);
  assert.deepEqual(await browser.cookies(url), []);
});

test("a page can send the headers of tracing and GraphQL clients, by POST and GET", async () => {
  const page = await open(LISTED);
  await ask(page, "Login", BY_COOKIE, { to: namedEndpoint });

  for (const method of ["POST", "GET"]) {
    assert.equal((await ask(page, "Me", undefined, { to: namedEndpoint, method, headers: TRACING })).email, email);
  }
});

test("a page of any site reads with a BEARER token", async () => {
  const page = await open(OTHER_SITE);
  const { token } = await ask(page, "Login", BY_BEARER);

  const me = await ask(page, "Me", undefined, { headers: { Authorization: `Bearer ${token}` } });

  assert.equal(me.email, email);
});

test("a page of another site cannot sign in with a cookie, and the error says so", async () => {
  const page = await open(OTHER_SITE);

  const [error] = await ask(page, "Login", BY_COOKIE);

  assert.equal(error.extensions.code, "ORIGIN_NOT_ALLOWED");
  assert.match(error.message, /BEARER/);
  assert.deepEqual(await browser.cookies(url), []);
});

test("the browser does not send the cookie for a page of another site", async () => {
  await ask(await open(NEIGHBOR), "Login", BY_COOKIE);
  const page = await open(OTHER_SITE);

  const me = await ask(page, "Me");

  assert.equal(me, null);
});

test("a typed address works with the cookie, and a link on another page is refused", async () => {
  await ask(await open(NEIGHBOR), "Login", BY_COOKIE);
  const address = `${endpoint}?query={me{email}}`;

  const typed = await open(address);
  const shown = [await typed.textContent("body")];
  for (const origin of [NEIGHBOR, OTHER_SITE]) {
    const page = await open(origin);
    const arrived = page.waitForURL(({ pathname }) => pathname === "/graphql");
    await Promise.all([arrived, page.evaluate((to) => { location.href = to; }, address)]);
    shown.push(await page.textContent("body"));
  }

  assert.match(shown[0], new RegExp(`"email":"${email}"`));
  for (const text of shown.slice(1)) assert.match(text, /ORIGIN_NOT_ALLOWED/);
});

test("the root leads to GraphiQL", async () => {
  const page = await open(url);

  await page.getByRole("main").getByRole("link", { name: "GraphiQL" }).click();

  await page.waitForURL(endpoint);
  assert.match(await page.title(), /GraphiQL/);
});

for (const origin of FOREIGN) {
  const { hostname } = new URL(origin);
  const to = namedEndpoint;

  test(`a page of ${hostname} that is not listed cannot read an answer`, async () => {
    const page = await open(origin);

    const got = await ask(page, "PasswordPolicy", undefined, { to, method: "GET" });
    const posted = await ask(page, "PasswordPolicy", undefined, { to });

    assert.deepEqual([got, posted], [REFUSED, REFUSED]);
  });

  test(`a page of ${hostname} that is not listed cannot sign in with a cookie`, async () => {
    const page = await open(origin);

    const answer = await ask(page, "Login", BY_COOKIE, { to });
    await ask(page, "Login", BY_COOKIE, { to, mode: "no-cors" });

    assert.equal(answer, REFUSED);
    assert.deepEqual(await browser.cookies(to), []);
  });

  test(`a page of ${hostname} that is not listed cannot use a signed-in person's cookie`, async () => {
    const own = await open(LISTED);
    await ask(own, "Login", BY_COOKIE, { to });
    const page = await open(origin);

    const answers = [await ask(page, "Me", undefined, { to, method: "GET" }), await ask(page, "Logout", undefined, { to })];
    await ask(page, "Logout", undefined, { to, mode: "no-cors" });

    assert.deepEqual(answers, [REFUSED, REFUSED]);
    assert.equal((await ask(own, "Me", undefined, { to })).email, email);
  });
}

test("a page cannot frame the service", async () => {
  const page = await open(LISTED);
  const [another] = FOREIGN;
  const addresses = [endpoint, `${endpoint}?query={__typename}`, `${url}/nothing`, another];

  await page.setContent(addresses.map((address) => `<iframe src="${address}"></iframe>`).join(""));

  const expected = [...Array(3).fill("chrome-error://chromewebdata/"), `${another}/`];
  const framed = () => page.mainFrame().childFrames().map((frame) => frame.url());
  for (let tries = 0; tries < 100 && framed().includes(""); tries++) await page.waitForTimeout(100); // until each has loaded
  assert.deepEqual(framed(), expected);
});
