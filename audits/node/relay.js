// Signs in with Relay as examples/relay sets it up: node relay.js EXAMPLE URL EMAIL PASSWORD

import assert from "node:assert/strict";
import { test } from "node:test";

import { commitMutation, getRequest } from "relay-runtime";
import { runnerImport } from "vite";

const [example, url, email, password] = process.argv.slice(2);
const load = async (file) => (await runnerImport(`${example}/src/${file}.ts`)).module;
const { createEnvironment } = await load("environment");
const { default: mutation } = await load("__generated__/SignInMutation.graphql");
const environment = createEnvironment(url);

function signIn(input) {
  return new Promise((resolve, reject) => {
    const onCompleted = ({ login }) => resolve(login);
    commitMutation(environment, { mutation: getRequest(mutation), variables: { input }, onCompleted, onError: reject });
  });
}

test("a failure has its message", async () => {
  const { success, failure } = await signIn({ email, password: `${password}!` });

  assert.ok(failure.message);
  assert.equal(success, null);
});

test("a success puts the account into the store, by its type and id", async () => {
  const { success, failure } = await signIn({ email, password });

  assert.ok(success.account);
  assert.equal(failure, null);
  const ids = environment.getStore().getSource().getRecordIDs();
  const accounts = ids.filter((id) => /^Account:[^:]+$/.test(id));
  assert.equal(accounts.length, 1);
  assert.equal(environment.getStore().getSource().get(accounts[0]).email, email);
});
