import { expect, test } from "vitest";

import { createAccountsClient, memoryStore, RequestError, type Account } from "../src/index.js";
import { browser, digits, mailed, register, url } from "./service.js";

const NEW_PASSWORD = "otra frase larga";

test("an app with a bearer token goes from registration to a requested deposit, and out", async () => {
  const store = memoryStore();
  const client = createAccountsClient({ url, transport: "bearer", store });
  const credentials = await register(client);
  expect(client.session.current).toBeUndefined();

  const signedIn = await client.login(credentials);

  if (signedIn.__typename !== "LoginSuccess") throw new Error(signedIn.message);
  expect(signedIn.token).toBe(await store.get());
  expect(client.session.current).toMatchObject({ email: credentials.email, paymentPending: false });

  await client.configureCompany({ legalName: "ESCUELA KEMPER URGATE", taxRegime: "601", postalCode: "26015" });
  await client.createSeries({ name: "A" });
  expect(client.session.current).toMatchObject({
    onboarding: { currentStep: "SELECT_PAYMENT_METHOD" },
    company: { legalName: "ESCUELA KEMPER URGATE", series: [{ name: "A", firstFolio: "1" }] },
  });

  const [plan] = await client.plans();
  const requested = await client.requestBankDeposit({ planId: plan!.id });
  if (requested.__typename !== "RequestBankDepositSuccess") throw new Error(requested.message);
  expect(client.session.current?.openDeposit?.amount).toEqual(plan!.total);
  await client.cancelBankDeposit({ id: requested.deposit.id });
  expect(client.session.current).toMatchObject({ openDeposit: null, payments: [{ status: "CANCELED" }] });
  expect((await client.taxRegimes({ taxpayerType: "PERSONA_MORAL" })).length).toBeGreaterThan(0);
  expect((await client.taxRegimes()).length).toBeGreaterThan(0);

  await client.logout();
  expect(client.session.current).toBeNull();
  expect(await store.get()).toBeNull();
});

test("a client that names its documents by their ids sends no text", async () => {
  const sent: object[] = [];
  const recording: typeof fetch = (input, init) => {
    sent.push(JSON.parse(init?.body as string) as object);
    return fetch(input, init);
  };
  const client = createAccountsClient({ url, transport: "bearer", documents: "id", fetch: recording });
  const credentials = await register(client);

  expect((await client.login(credentials)).__typename).toBe("LoginSuccess");
  expect((await client.me())?.email).toBe(credentials.email);
  expect(sent.length).toBeGreaterThan(3);
  expect(sent.filter((request) => !("documentId" in request) || "query" in request)).toEqual([]);
});

test("a web app keeps its session in a cookie that it never sees", async () => {
  const client = createAccountsClient({ url, transport: "cookie", fetch: browser() });
  const credentials = await register(client);
  expect(await client.session.refresh()).toBeNull();

  const result = await client.login(credentials);

  expect(result).toMatchObject({ __typename: "LoginSuccess", token: null });
  expect((await client.session.refresh())?.email).toBe(credentials.email);
  await client.logout();
  expect(await client.me()).toBeNull();
});

test("a session that was ended elsewhere clears the account and the token", async () => {
  const [phone, laptop] = [memoryStore(), memoryStore()];
  const clients = [phone, laptop].map((store) => createAccountsClient({ url, transport: "bearer", store }));
  const [onPhone, onLaptop] = clients as [(typeof clients)[0], (typeof clients)[0]];
  const credentials = await register(onPhone);
  await onPhone.login(credentials);
  await onLaptop.login(credentials);

  await onLaptop.revokeOtherSessions();
  expect(onLaptop.session.current?.sessions).toHaveLength(1);
  const result = await onPhone.configureCompany({ legalName: "X", taxRegime: "601", postalCode: "26015" });

  expect(result.__typename).toBe("NotAuthenticatedError");
  expect(onPhone.session.current).toBeNull();
  expect(await phone.get()).toBeNull();
  expect(onLaptop.session.current?.email).toBe(credentials.email);
});

test("a captcha comes with a failed login, can be refreshed and heard, and opens the way", async () => {
  const client = createAccountsClient({ url, transport: "bearer" });
  const credentials = await register(client);
  const failures = [];
  for (let tries = 0; tries < 6; tries += 1) {
    failures.push((await client.login({ ...credentials, password: "not the password" })).__typename);
  }
  expect(failures).toEqual([...Array<string>(5).fill("InvalidCredentialsError"), "CaptchaRequiredError"]);

  const first = client.captcha.current!;
  await client.captcha.refresh();
  const second = client.captcha.current!;
  expect(second.id).not.toBe(first.id);
  expect(second.image!.dataUri).toMatch(/^data:image\/png/);
  expect(await client.captcha.audio()).toMatch(/^data:audio\/wav/);

  const wrong = await client.login({ ...credentials, captcha: client.captcha.answer("nada") });
  expect(wrong.__typename).toBe("CaptchaMismatchError");
  expect(client.captcha.current!.id).not.toBe(second.id);

  const solved = await digits(client.captcha.current!.id);
  const right = await client.login({ ...credentials, captcha: client.captcha.answer(solved) });
  expect(right.__typename).toBe("LoginSuccess");
  expect(client.captcha.current).toBeNull();
  expect(() => client.captcha.answer("nada")).toThrow("refresh");
});

test("a lost password is replaced", async () => {
  const client = createAccountsClient({ url, transport: "bearer" });
  const { email } = await register(client);

  await client.captcha.refresh();
  const answer = client.captcha.answer(await digits(client.captcha.current!.id));
  const requested = await client.recoverPassword({ email, captcha: answer });
  expect(requested.__typename).toBe("RecoverPasswordSuccess");
  const password = await mailed(email, /([2-9A-Z]{6}-){3}[2-9A-Z]{6}/);
  await client.login({ email, password });

  expect(client.session.current?.passwordChangeRequired).toBe(true);
  const input = { currentPassword: password, newPassword: NEW_PASSWORD, newPasswordConfirmation: NEW_PASSWORD };
  expect((await client.changePassword(input)).__typename).toBe("ChangePasswordSuccess");
});

test("messages are in the client's language, which can be changed", async () => {
  const client = createAccountsClient({ url, transport: "bearer", language: "es" });
  const spanish = await client.confirmAccount({ code: "x" });
  client.language = "en";
  const english = await client.confirmAccount({ code: "x" });

  expect(spanish.message).toMatch(/código/);
  expect(english.message).toMatch(/code/);
});

test("a page of an origin that is not allowed learns what to do", async () => {
  const client = createAccountsClient({ url, transport: "cookie", fetch: browser("https://elsewhere.example") });

  const error = await client.login({ email: "ana@example.com", password: "una frase larga" }).catch((cause) => cause);

  expect(error).toBeInstanceOf(RequestError);
  expect(error).toMatchObject({ code: "ORIGIN_NOT_ALLOWED", status: 403, message: expect.stringContaining("BEARER") });
});

test("whatever is not a success has a message in the default branch", async () => {
  const client = createAccountsClient({ url, transport: "bearer" });

  const result = await client.login({ email: "nobody@example.com", password: "una frase larga" });

  let shown: Account | string;
  switch (result.__typename) {
    case "LoginSuccess":
      shown = result.account;
      break;
    case "InvalidInputError":
      shown = result.fields.map(({ message }) => message).join(" ");
      break;
    default:
      shown = result.message;
  }
  expect(shown).toEqual(expect.any(String));
});
