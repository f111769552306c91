// Runs the examples of docs/clients.md: node page.js FOLDER URL EMAIL PASSWORD
//
// FOLDER has each example as a file. The service runs in test mode.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { createServer, runnerImport } from "vite";

import { operations } from "./operations.js";

const [folder, url, email, password] = process.argv.slice(2);

// A browser says which page sends a request; login with COOKIE depends on it.
const send = globalThis.fetch;
globalThis.fetch = (to, { headers, ...options } = {}) => {
  const sent = new Headers(headers);
  if (!sent.has("Origin")) sent.set("Origin", url);
  return send(to, { ...options, headers: sent });
};

const files = readdirSync(folder).filter((file) => /^example\d+\.ts$/.test(file));
const examples = await Promise.all(files.map(async (file) => (await runnerImport(`${folder}/${file}`)).module));
const having = (name) => examples.filter((example) => name in example);

/** Sends an operation. Returns the value of its root field and the response. */
async function ask(to, operation, input, headers = {}) {
  const response = await fetch(`${to}/graphql`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ query: operations[operation], variables: { input } }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  return { value: Object.values(data)[0], response };
}

assert.equal(having("signIn").length, 2);
for (const { signIn } of having("signIn")) {
  test("a client signs in, and reads the message of a failure", async () => {
    const success = await signIn(email, password);
    const failure = await signIn(email, `${password}!`);

    assert.equal(success.account.email, email);
    assert.equal(failure.__typename, "InvalidCredentialsError");
    assert.ok(failure.message);
  });
}

test("Relay's environment can be created", () => {
  const [{ createEnvironment }] = having("createEnvironment");

  assert.ok(createEnvironment(`${url}/graphql`).getStore());
});

async function signsInThroughProxy(configuration) {
  const server = await createServer({ root: folder, logLevel: "silent", ...configuration });
  await server.listen(0);
  try {
    const { port } = server.httpServer.address();
    const page = `http://localhost:${port}`;
    const { value, response } = await ask(page, "Login", { email, password, transport: "COOKIE" }, { Origin: page });
    const [cookie] = response.headers.getSetCookie();
    const me = await ask(page, "Me", undefined, { Origin: page, Cookie: cookie.split(";")[0] });

    assert.equal(value.__typename, "LoginSuccess");
    assert.equal(me.value.email, email);
  } finally {
    await server.close();
  }
}

test("Vite's proxy forwards the cookie and the origin", () =>
  signsInThroughProxy({ configFile: `${folder}/vite.config.ts` }));

test("Angular's proxy, in the form that Vite shares, forwards the cookie and the origin", () => {
  const [file] = readdirSync(folder).filter((each) => /^example\d+\.json$/.test(each));
  const proxy = JSON.parse(readFileSync(`${folder}/${file}`, "utf-8"));
  return signsInThroughProxy({ configFile: false, server: { proxy } });
});

test("Next's rewrite leads to the service", async () => {
  const { default: configuration } = await import(`${folder}/next.config.mjs`);

  const [{ source, destination }] = await configuration.rewrites();
  assert.equal(source, "/graphql");
  assert.equal((await ask(destination.replace(source, ""), "PasswordPolicy")).value.minimumLength, 8);
});

test("a test suite finds the code of a mail and the answer to a captcha", async () => {
  const [{ mailedCode, solved }] = having("mailedCode");
  const person = { email: "beto@example.com", password: "una frase larga" };
  const form = { ...person, rfc: "EKU9003173C9", passwordConfirmation: person.password };

  await ask(url, "CreateAccount", form);
  const confirmed = await ask(url, "ConfirmAccount", { code: await mailedCode(person.email) });
  const { captcha } = (await ask(url, "CreateCaptcha")).value;
  const recovered = await ask(url, "RecoverPassword", { email: person.email, captcha: await solved(captcha.id) });

  assert.equal(confirmed.value.__typename, "ConfirmAccountSuccess");
  assert.equal(recovered.value.__typename, "RecoverPasswordSuccess");
});
