// Verifies deliveries with the package standardwebhooks: node webhooks.js FILE
//
// FILE is JSON: a list of deliveries with `secret`, `headers`, `body` and `good`, which says whether it should count.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

for (const { name, secret, headers, body, good } of JSON.parse(readFileSync(process.argv[2], "utf-8"))) {
  test(name, () => {
    const verify = () => new Webhook(secret).verify(body, headers);
    if (good) assert.deepEqual(verify(), JSON.parse(body));
    else assert.throws(verify, WebhookVerificationError);
  });
}
