// Runs every operation of graphql/operations/ with each client: node walk.js SERVICE DATA_DIR [MANIFEST]
//
// With Apollo's manifest, the clients are those that send only the ids of trusted documents.
// The service runs in test mode: DATA_DIR has its mails, and it says what solves a captcha.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { parse } from "graphql";

import { clients, trusting } from "./clients.js";
import { operations } from "./operations.js";

const [service, dataDir, manifest] = process.argv.slice(2);
const documents = Object.fromEntries(Object.entries(operations).map(([name, text]) => [name, parse(text)]));

/** Waits for a mail to the address with text that matches the pattern. Returns that text. */
async function mailed(email, pattern) {
  const folder = `${dataDir}/mail`;
  for (let tries = 0; tries < 300; tries += 1) {
    const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(`-${email}.eml`)) : [];
    for (const file of files) {
      const found = readFileSync(`${folder}/${file}`, "utf-8").match(pattern);
      if (found) return found.groups?.code ?? found[0];
    }
    await sleep(200);
  }
  throw new Error(`no mail to ${email}`);
}

/** Solves a captcha. Returns the input for recoverPassword. */
async function solved({ id }) {
  const { digits } = await (await fetch(`${service}/test/captcha/${encodeURIComponent(id)}`)).json();
  return { id, answer: digits };
}

async function walk(client, email) {
  const walked = new Set();
  const run = async (name, variables) => {
    walked.add(name);
    const data = await client.run(documents[name], variables);
    return Object.entries(data).find(([field]) => field !== "__typename")[1];
  };
  const act = async (name, input, outcome = `${name}Success`) => {
    const result = await run(name, input && { input });
    assert.equal(result.__typename, outcome);
    assert.ok("message" in result ? result.message : !outcome.endsWith("Error"), `${name} has no message`);
    return result;
  };
  const password = "una frase larga";
  const form = { rfc: "EKU9003173C9", email, password, passwordConfirmation: password };

  await run("PasswordPolicy");
  assert.equal((await run("PrivacyNotice")), null);
  const refused = await act("CreateAccount", { ...form, rfc: "" }, "InvalidInputError");
  assert.ok(refused.fields[0].message);
  await act("CreateAccount", form);
  await act("ConfirmAccount", { code: "x" }, "InvalidConfirmationCodeError");
  const early = await run("ResendConfirmationCode", { input: { email } });
  assert.ok(early.message);
  await act("ConfirmAccount", { code: await mailed(email, /[2-9A-Z]{40}/) });
  await act("Login", { email, password: "wrong" }, "InvalidCredentialsError");

  client.signIn((await act("Login", { email, password })).token);
  assert.equal((await run("Me")).email, email);
  assert.equal((await run("AcceptedPrivacyNotice")).privacyNotice.current, true);
  await run("TaxRegimes");
  await act("ConfigureCompany", { legalName: "ESCUELA KEMPER URGATE", taxRegime: "601", postalCode: "26015" });
  const { series } = await act("CreateSeries", { name: "A", firstFolio: "1" });
  const second = await act("CreateSeries", { name: "B", firstFolio: "1" });
  await act("UpdateSeries", { id: series.id, name: "C", firstFolio: "7" });
  await act("DeleteSeries", { id: second.series.id });
  const names = (await run("Company")).company.series.map(({ name }) => name);
  assert.deepEqual(names, ["C"]);

  const [plan] = await run("Plans");
  await run("PaymentMethods");
  await act("StartPayPalPayment", { planId: plan.id }, "PaymentMethodUnavailableError");
  await act("CompletePayPalPayment", { orderId: "5O190127TN364715T" }, "PaymentMethodUnavailableError");
  await act("RequestBankDeposit", { planId: plan.id });
  const { openDeposit, payments } = await run("Payment");
  assert.deepEqual([openDeposit.id, openDeposit.reference], [payments[0].id, payments[0].reference]);
  const canceled = await act("CancelBankDeposit", { id: openDeposit.id });
  assert.deepEqual([canceled.account.openDeposit, canceled.account.payments[0].status], [null, "CANCELED"]);

  const stale = await act("AcceptPrivacyNotice", { version: "1" }, "InvalidInputError");
  assert.equal(stale.fields[0].code, "NOT_CURRENT");
  const other = (await run("Me")).sessions[0].id;
  await act("RevokeOtherSessions");
  await act("CreateAccessToken", { audience: "https://api.example.mx" }, "AudienceUnknownError");
  await act("RenameSession", { id: other, deviceName: "Laptop" });
  await act("RevokeSession", { id: `${other.slice(0, -4)}0000` }, "SessionNotFoundError");
  await act("VerifySession", { token: "none" }, "NotAuthorizedError");
  assert.equal((await run("Events", {})).scope, "events:read");
  for (const [name, variables] of [["Account", { by: { email } }], ["Accounts", {}]]) {
    assert.equal((await run(name, variables)).scope, "accounts:read");
  }
  const requestId = other;
  await act("ReserveInvoice", { accountId: other, seriesId: other, requestId }, "NotAuthorizedError");
  await act("ConfirmInvoice", { requestId, uuid: other }, "NotAuthorizedError");
  await act("ReleaseInvoice", { requestId }, "NotAuthorizedError");
  for (const [name, variables] of [["Invoice", { requestId }], ["OpenReservations", {}]]) {
    assert.equal((await run(name, variables)).scope, "invoices:write");
  }
  const { captcha } = await act("CreateCaptcha");
  assert.match((await run("CaptchaAudio", { id: captcha.id })).audio.dataUri, /^data:audio\/wav/);
  await act("RecoverPassword", { email, captcha: await solved(captcha) });
  const sent = await mailed(email, /([2-9A-Z]{6}-){3}[2-9A-Z]{6}/);
  client.signIn((await act("Login", { email, password: sent })).token);
  const next = "otra frase larga";
  await act("ChangePassword", { currentPassword: sent, newPassword: next, newPasswordConfirmation: next });
  await act("Reauthenticate", { password: next });
  const { edges: happened } = (await run("SecurityEvents", {})).securityEvents;
  assert.equal(happened[0].node.kind, "REAUTHENTICATED");
  assert.equal((await act("ExportAccount")).linkSeconds, 3600);
  const { dueAt, account } = await act("RequestAccountDeletion");
  assert.equal(account.deletion.dueAt, dueAt);
  assert.equal((await act("CancelAccountDeletion")).account.deletion, null);
  await act("EnrollTotp");
  assert.equal((await act("ConfirmTotp", { oneTimeCode: "000000" }, "InvalidInputError")).fields[0].code, "INCORRECT");
  await act("VerifySecondFactor", { challenge: "none", oneTimeCode: "000000" }, "LoginExpiredError");
  await act("ForgetDevice", { id: other }, "DeviceNotFoundError");
  await act("CreateRecoveryCodes", undefined, "SecondFactorMissingError");
  await act("RemoveSecondFactor", undefined, "SecondFactorMissingError");
  assert.equal(JSON.parse((await act("BeginPasskeyLogin")).options).userVerification, "required");
  await act("LoginWithPasskey", { credential: "{}" }, "InvalidInputError");
  assert.equal(JSON.parse((await act("BeginPasskeyRegistration")).options).user.name, email);
  await act("AddPasskey", { credential: "{}" }, "InvalidInputError");
  assert.deepEqual((await run("Passkeys", {})).passkeys, []);
  await act("RenamePasskey", { id: other, nickname: "Laptop" }, "PasskeyNotFoundError");
  await act("RemovePasskey", { id: other }, "PasskeyNotFoundError");
  await act("BeginPasskeyProof", undefined, "PasskeyMissingError");
  await act("RequirePasskey", undefined, "PasskeyMissingError");
  assert.equal((await act("ChangeRfc", { rfc: "H&E951128469" })).account.rfc, "H&E951128469");
  await act("UpdateAccount", { language: "EN" });
  const moved = `new.${email}`;
  assert.equal((await act("ChangeEmail", { email: moved })).account.pendingEmail, moved);
  assert.equal((await act("ConfirmEmail", { code: await mailed(moved, /[2-9A-Z]{40}/) })).account.email, moved);
  assert.equal((await act("RevertEmail", { code: await mailed(email, /undoes[^]*?(?<code>[2-9A-Z]{40})/) })).email, email);
  await act("Logout");
  client.signIn(null);
  assert.equal(await run("Me"), null);

  assert.deepEqual([...walked].sort(), Object.keys(documents).sort());
}

await test("clients", { concurrency: true }, (t) =>
  Promise.all(
    Object.entries(manifest ? trusting(JSON.parse(readFileSync(manifest, "utf-8"))) : clients).map(([name, make]) => {
      const email = `${name.toLowerCase().replaceAll(/[^a-z]+/g, ".")}@example.com`;
      return t.test(name, () => walk(make(`${service}/graphql`), email));
    }),
  ),
);
