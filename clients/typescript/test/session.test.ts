import { afterEach, expect, test, vi } from "vitest";

import { createAccountsClient, type Account, type AccountsClient, type ClientOptions } from "../src/index.js";
import { accountOf, Answers, settled, url } from "./answers.js";

type Returned = Awaited<ReturnType<Extract<AccountsClient[keyof AccountsClient], (...rest: never[]) => unknown>>>;
type Part = Extract<Returned, { account: object }>["account"];

const CREDENTIALS = { email: "ana@example.com", password: "una frase larga" };
const ANA = accountOf("ana");
const EVA = accountOf("eva");
const open: AccountsClient[] = [];
let channels = 0;

afterEach(() => open.splice(0).forEach((client) => client.close()));

function connect(options: Partial<ClientOptions> = {}) {
  const answers = new Answers();
  const client = createAccountsClient({ url, transport: "cookie", fetch: answers.fetch, ...options });
  open.push(client);
  return { client, answers };
}

async function signedIn(options: Partial<ClientOptions> = {}) {
  const connected = connect(options);
  void connected.client.login(CREDENTIALS);
  await connected.answers.answer("Login", { login: { __typename: "LoginSuccess", token: "t", account: ANA } });
  return connected;
}

test("the session is unknown, then an account, then nobody, and listeners hear each change once", async () => {
  const { client, answers } = connect();
  const seen = vi.fn();
  const unsubscribe = client.session.subscribe(() => seen(client.session.current));

  for (const me of [ANA, ANA, null]) {
    void client.session.refresh();
    await answers.answer("Me", { me });
  }
  unsubscribe();
  void client.session.refresh();
  await answers.answer("Me", { me: EVA });

  expect(seen.mock.calls).toEqual([[ANA], [null]]);
});

test("refreshes at the same time share one request", async () => {
  const { client, answers } = connect();

  const both = Promise.all([client.session.refresh(), client.session.refresh()]);
  await settled();
  expect(answers.requests).toHaveLength(1);
  await answers.answer("Me", { me: ANA });

  expect(await both).toEqual([ANA, ANA]);
});

test("a failed refresh is kept until one succeeds", async () => {
  const fetch = vi.fn<typeof globalThis.fetch>().mockRejectedValueOnce(new TypeError("no network"));
  fetch.mockRejectedValueOnce(new TypeError("still none"));
  fetch.mockResolvedValue(new Response(JSON.stringify({ data: { me: null } })));
  const { client } = connect({ fetch });

  await expect(client.session.refresh()).rejects.toThrow("cannot be reached");
  expect(client.session.snapshot).toMatchObject({ account: undefined, error: { name: "NetworkError" } });
  await client.session.refresh();

  expect(client.session.snapshot).toEqual({ account: null });
});

test("a success's account is the session's from then on, and a part of it is merged", async () => {
  const { client, answers } = await signedIn();
  const onboarding = { currentStep: null, completedSteps: ["CONFIGURE_COMPANY"] };

  void client.createSeries({ name: "A" });
  const account = { id: "ana", onboarding };
  await answers.answer("CreateSeries", { createSeries: { __typename: "CreateSeriesSuccess", account } });

  expect(client.session.current).toEqual({ ...ANA, onboarding });
});

test("what a call asked for is kept, and every part of an account in a result is whole", async () => {
  const { client, answers } = await signedIn();
  const whole: (part: Part) => Partial<Account> = (part) => part;
  const sessions = [{ id: "s", current: true }];

  void client.me();
  await answers.answer("Me", { me: { ...ANA, sessions } });
  void client.company();
  await answers.answer("Company", { me: { id: "ana", company: null } });
  void client.me();
  await answers.answer("Me", { me: ANA });

  expect(client.session.current).toEqual({ ...ANA, sessions, company: null });
  expect(whole).toBeTypeOf("function");
});

test("a success with another account asks who is signed in", async () => {
  const { client, answers } = await signedIn();

  void client.createSeries({ name: "A" });
  await answers.answer("CreateSeries", { createSeries: { __typename: "CreateSeriesSuccess", account: { id: "eva" } } });
  await answers.answer("Me", { me: EVA });

  expect(client.session.current).toEqual(EVA);
});

test("an answer from before a login or a change does not undo it", async () => {
  const { client, answers } = connect();

  void client.me();
  void client.configureCompany({ legalName: "X", taxRegime: "601", postalCode: "26015" });
  void client.login(CREDENTIALS);
  await answers.answer("Login", { login: { __typename: "LoginSuccess", token: null, account: ANA } });
  await answers.answer("Me", { me: null });
  await answers.answer("ConfigureCompany", { configureCompany: { __typename: "NotAuthenticatedError", message: "" } });
  expect(client.session.current).toEqual(ANA);

  void client.me();
  void client.createSeries({ name: "A" });
  const account = { ...ANA, paymentPending: true };
  await answers.answer("CreateSeries", { createSeries: { __typename: "CreateSeriesSuccess", account } });
  await answers.answer("Me", { me: ANA });
  expect(client.session.current).toEqual(account);
});

test("another tab sees a sign-in, a switch of accounts and a sign-out", async () => {
  const channel = `tabs ${(channels += 1)}`;
  const { client: first, answers } = await signedIn({ channel });
  const { client: second, answers: others } = connect({ channel });
  void second.session.refresh();
  await others.answer("Me", { me: ANA });

  void first.login(CREDENTIALS);
  await answers.answer("Login", { login: { __typename: "LoginSuccess", token: null, account: EVA } });
  expect(second.session.current).toBeUndefined();
  await others.answer("Me", { me: EVA });
  expect(second.session.current).toEqual(EVA);

  void first.logout();
  await answers.answer("Logout", { logout: { __typename: "LogoutSuccess", message: "" } });
  expect(second.session.current).toBeNull();
  expect([...answers.requests, ...others.requests]).toEqual([]);
});

test("a tab that is asking who is signed in asks again when another tab signs in", async () => {
  const channel = `tabs ${(channels += 1)}`;
  const { client, answers } = connect({ channel });
  void client.session.refresh();
  await settled();

  await signedIn({ channel });
  await answers.answer("Me", { me: null });
  expect(client.session.current).toBeUndefined();
  await answers.answer("Me", { me: ANA });

  expect(client.session.current).toEqual(ANA);
});

test("clients with bearer tokens of their own do not follow each other", async () => {
  const { client: first, answers } = await signedIn({ transport: "bearer" });
  const { client: second } = await signedIn({ transport: "bearer" });

  void first.logout();
  await answers.answer("Logout", { logout: { __typename: "LogoutSuccess", message: "" } });

  expect(first.session.current).toBeNull();
  expect(second.session.current).toEqual(ANA);
});

test("the token of a remembered device outlives a sign-out and is sent with the next login", async () => {
  const { client, answers } = connect({ transport: "bearer" });
  void client.verifySecondFactor({ challenge: "c", oneTimeCode: "123456", rememberDevice: true });
  const opened = { __typename: "LoginSuccess", token: "t", deviceToken: "d", account: ANA };
  await answers.answer("VerifySecondFactor", { verifySecondFactor: opened });
  await client.session.forget();

  void client.login(CREDENTIALS);
  await settled();

  const [login] = answers.requests;
  expect(login!.variables.input).toEqual({ ...CREDENTIALS, transport: "BEARER", rememberedDevice: "d" });
  expect(login!.headers.has("authorization")).toBe(false);
});

test("forget signs out on this device only, and sends nothing", async () => {
  const { client, answers } = await signedIn({ transport: "bearer" });

  await client.session.forget();
  void client.me();
  await settled();

  expect(client.session.current).toBeNull();
  expect(answers.requests.map(({ headers }) => headers.get("Authorization"))).toEqual([null]);
});
