// Verifies tokens with the example of docs/product.md: node access_tokens.js FOLDER
//
// FOLDER has the example as verify.mjs, and tokens.json with one good token and forged ones by name.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const { good, forged } = JSON.parse(readFileSync(`${folder}/tokens.json`, "utf-8"));
const { verified } = await import(pathToFileURL(`${folder}/verify.mjs`));

test("a good token counts", async () => {
  assert.equal((await verified(good)).rfc, "EKU9003173C9");
});

for (const [name, token] of Object.entries(forged)) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(verified(token), { name: /^(JOSE|JW)\w+$/ });
  });
}
