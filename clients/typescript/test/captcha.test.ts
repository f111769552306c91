import { expect, test, vi } from "vitest";

import { createAccountsClient } from "../src/index.js";
import { Answers, url } from "./answers.js";

const CREDENTIALS = { email: "ana@example.com", password: "una frase larga" };
const FIRST = { id: "first", expiresAt: "2026-01-01T00:05:00Z", help: "", image: null };
const REQUIRED = { __typename: "CaptchaRequiredError", message: "", captcha: FIRST };

async function challenged() {
  const answers = new Answers();
  const client = createAccountsClient({ url, transport: "bearer", fetch: answers.fetch });
  void client.login(CREDENTIALS);
  await answers.answer("Login", { login: REQUIRED });
  return { answers, client };
}

test("listeners hear of a captcha that a failure brings", async () => {
  const { answers, client } = await challenged();
  const seen = vi.fn();
  client.captcha.subscribe(() => seen(client.captcha.current?.id));

  void client.captcha.refresh();
  const captcha = { ...FIRST, id: "second" };
  await answers.answer("CreateCaptcha", { createCaptcha: { __typename: "CreateCaptchaSuccess", captcha } });

  expect(seen.mock.calls).toEqual([["second"]]);
  expect(client.captcha.answer("dos palabras")).toEqual({ id: "second", answer: "dos palabras" });
});

test.each([
  ["InvalidCredentialsError", null],
  ["LoginSuccess", null],
  ["InvalidInputError", FIRST],
  ["TooManyAttemptsError", FIRST],
])("an answer is used up by %s, unless that was decided before the captcha", async (__typename, left) => {
  const { answers, client } = await challenged();

  void client.login({ ...CREDENTIALS, captcha: client.captcha.answer("dos palabras") });
  await answers.answer("Login", { login: { __typename, message: "", account: { id: "ana" } } });

  expect(client.captcha.current).toEqual(left);
});

test("a result of a request without the captcha leaves it", async () => {
  const { answers, client } = await challenged();

  void client.confirmAccount({ code: "x" });
  await answers.answer("ConfirmAccount", { confirmAccount: { __typename: "ConfirmAccountSuccess", message: "" } });

  expect(client.captcha.current).toEqual(FIRST);
});

test("a captcha that was refreshed in the meantime is not used up by the answer to the one before", async () => {
  const { answers, client } = await challenged();
  void client.login({ ...CREDENTIALS, captcha: client.captcha.answer("dos palabras") });

  void client.captcha.refresh();
  const captcha = { ...FIRST, id: "second" };
  await answers.answer("CreateCaptcha", { createCaptcha: { __typename: "CreateCaptchaSuccess", captcha } });
  await answers.answer("Login", { login: { __typename: "InvalidCredentialsError", message: "" } });

  expect(client.captcha.current).toEqual(captcha);
});

test("the dictation is asked for by itself, and null once the captcha has expired", async () => {
  const { answers, client } = await challenged();

  const first = client.captcha.audio();
  await answers.answer("CaptchaAudio", { captcha: { id: "first", audio: { dataUri: "data:audio/wav;base64," } } });
  const second = client.captcha.audio();
  await answers.answer("CaptchaAudio", { captcha: null });

  expect([await first, await second]).toEqual(["data:audio/wav;base64,", null]);
  expect(client.captcha.current).toEqual(FIRST);
});
