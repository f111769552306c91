import { beforeEach, expect, test } from "vitest";

import { createAccountsClient, withRecentProof, type AccountsClient, type AskForProof } from "../src/index.js";
import { accountOf, Answers, url } from "./answers.js";

const ana = accountOf("ana");
const required = { __typename: "ReauthenticationRequiredError", message: "¿Eres tú?", ways: ["PASSWORD"] };
const changed = { __typename: "ChangeRfcSuccess", message: "Listo", account: { ...ana, rfc: "XAXX010101000" } };
const wrong = { __typename: "InvalidInputError", message: "No.", fields: [] };
const proved = { __typename: "ReauthenticateSuccess", message: "Eres tú.", account: ana };

let answers: Answers;
let client: AccountsClient;

beforeEach(async () => {
  answers = new Answers();
  client = createAccountsClient({ url, transport: "bearer", fetch: answers.fetch });
  const refreshed = client.session.refresh();
  await answers.answer("Me", { me: ana });
  await refreshed;
});

const changeRfc = (ask: AskForProof) =>
  withRecentProof(client, () => client.changeRfc({ rfc: "XAXX010101000" }), ask);

test("a mutation that needs no proof asks for none", async () => {
  const result = changeRfc(() => Promise.reject(new Error("asked")));
  await answers.answer("ChangeRfc", { changeRfc: changed });

  expect(await result).toMatchObject({ __typename: "ChangeRfcSuccess" });
});

test("a mutation is sent again after a proof, of which the first try was wrong", async () => {
  const seen: unknown[] = [];
  const result = changeRfc(async (ways, reauthenticate) => {
    seen.push(ways);
    for (const password of ["equivocada", "la mía"]) seen.push((await reauthenticate({ password })).__typename);
  });
  await answers.answer("ChangeRfc", { changeRfc: required });
  await answers.answer("Reauthenticate", { reauthenticate: wrong });
  await answers.answer("Reauthenticate", { reauthenticate: proved });
  await answers.answer("ChangeRfc", { changeRfc: changed });

  expect(await result).toMatchObject({ __typename: "ChangeRfcSuccess" });
  expect(seen).toEqual([["PASSWORD"], "InvalidInputError", "ReauthenticateSuccess"]);
  expect(client.session.current?.rfc).toBe("XAXX010101000");
});

test("without a proof, the mutation is not sent again", async () => {
  const result = changeRfc((_, reauthenticate) => reauthenticate({ password: "equivocada" }));
  await answers.answer("ChangeRfc", { changeRfc: required });
  await answers.answer("Reauthenticate", { reauthenticate: wrong });

  expect(await result).toMatchObject({ __typename: "ReauthenticationRequiredError", ways: ["PASSWORD"] });
  expect(answers.requests).toEqual([]);
});

test("a mutation that asks again after a proof is not sent a third time", async () => {
  const result = changeRfc((_, reauthenticate) => reauthenticate({ password: "la mía" }));
  await answers.answer("ChangeRfc", { changeRfc: required });
  await answers.answer("Reauthenticate", { reauthenticate: proved });
  await answers.answer("ChangeRfc", { changeRfc: required });

  expect(await result).toMatchObject({ __typename: "ReauthenticationRequiredError" });
  expect(answers.requests).toEqual([]);
});

test("what fails on the way is thrown", async () => {
  const thrown = expect(changeRfc(() => Promise.reject(new Error("The dialog broke.")))).rejects.toThrow("broke");
  await answers.answer("ChangeRfc", { changeRfc: required });

  await thrown;
});
