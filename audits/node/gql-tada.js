// Signs in with urql and the documents of examples/gql-tada: node gql-tada.js EXAMPLE URL EMAIL PASSWORD

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { runnerImport } from "vite";

const [example, url, email, password] = process.argv.slice(2);
const { signIn } = (await runnerImport(`${example}/src/signIn.ts`)).module;
const client = new Client({ url, exchanges: [cacheExchange, fetchExchange] });

test("a failure has its message", async () => {
  await assert.rejects(signIn(client, email, `${password}!`), { name: "Error", message: /.+/ });
  await assert.rejects(signIn(client, "", password), { message: /^email: .+/ });
});

test("a success returns the token", async () => {
  assert.ok(await signIn(client, email, password));
});
