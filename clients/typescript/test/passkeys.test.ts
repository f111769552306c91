import { afterEach, beforeEach, expect, test, vi } from "vitest";

import {
  addPasskey,
  createAccountsClient,
  offerPasskeys,
  proveWithPasskey,
  signInWithPasskey,
  supportsPasskeys,
  verifyWithPasskey,
  type AccountsClient,
} from "../src/index.js";
import { accountOf, Answers, settled, url } from "./answers.js";

const options = JSON.stringify({ challenge: "c" });
const begun = { message: "Sigue.", options, expiresAt: "2026-11-27T00:00:00Z" };
const signedIn = { __typename: "LoginSuccess", message: "Hola.", token: "t", expiresAt: begun.expiresAt, account: accountOf("ana") };
const refused = { __typename: "InvalidInputError", message: "No.", fields: [] };

/** A ceremony that waits for the person. */
interface Ceremony {
  mediation: string | undefined;
  signal: AbortSignal;
  give(credential: unknown): void;
  refuse(error: Error): void;
}

let answers: Answers;
let client: AccountsClient;
let ceremonies: Ceremony[];

beforeEach(() => {
  answers = new Answers();
  client = createAccountsClient({ url, transport: "bearer", fetch: answers.fetch });
  ceremonies = [];
  const perform = ({ mediation, signal }: CredentialRequestOptions) =>
    new Promise((give, refuse) => {
      signal!.addEventListener("abort", () => refuse(signal!.reason as Error));
      ceremonies.push({ mediation, signal: signal!, give, refuse });
    });
  vi.stubGlobal("navigator", { credentials: { create: perform, get: perform } });
  vi.stubGlobal("PublicKeyCredential", {
    parseCreationOptionsFromJSON: (json: unknown) => json,
    parseRequestOptionsFromJSON: (json: unknown) => json,
    isConditionalMediationAvailable: () => Promise.resolve(true),
  });
});

afterEach(() => vi.unstubAllGlobals());

const asked = (operation: string) => answers.requests.some(({ query }) => query.includes(`mutation ${operation}`));

test("a browser without the JSON of level 3 supports none, and is offered none", async () => {
  vi.stubGlobal("PublicKeyCredential", {});

  expect(supportsPasskeys()).toBe(false);
  await offerPasskeys(client, () => undefined, { signal: AbortSignal.timeout(1000) });
  expect(answers.requests).toEqual([]);
});

test("a page of an address, for which no passkey is made, supports none", () => {
  expect(supportsPasskeys()).toBe(true);
  for (const hostname of ["127.0.0.1", "[::1]"]) {
    vi.stubGlobal("location", { hostname });
    expect(supportsPasskeys()).toBe(false);
  }
  vi.stubGlobal("location", { hostname: "localhost" });
  expect(supportsPasskeys()).toBe(true);
});

test("a passkey signs in, and its answer is sent as text", async () => {
  const result = signInWithPasskey(client);
  await answers.answer("BeginPasskeyLogin", { beginPasskeyLogin: { __typename: "BeginPasskeyLoginSuccess", ...begun } });
  ceremonies[0]!.give({ toJSON: () => ({ id: "p" }) });
  await answers.answer("LoginWithPasskey", { loginWithPasskey: signedIn });

  expect(await result).toMatchObject({ __typename: "LoginSuccess" });
  expect(client.session.current?.id).toBe("ana");
});

test("a person who gives none is no error, and nothing is sent", async () => {
  const result = addPasskey(client);
  const success = { __typename: "BeginPasskeyRegistrationSuccess", ...begun, account: accountOf("ana") };
  await answers.answer("BeginPasskeyRegistration", { beginPasskeyRegistration: success });
  ceremonies[0]!.refuse(new DOMException("No.", "NotAllowedError"));

  expect(await result).toBeNull();
  expect(asked("AddPasskey")).toBe(false);
});

test("a device that has a passkey of the account says so", async () => {
  const result = addPasskey(client);
  const success = { __typename: "BeginPasskeyRegistrationSuccess", ...begun, account: accountOf("ana") };
  await answers.answer("BeginPasskeyRegistration", { beginPasskeyRegistration: success });
  ceremonies[0]!.refuse(new DOMException("It is here.", "InvalidStateError"));

  await expect(result).rejects.toThrow("It is here.");
});

test("what the service refuses at the beginning is the result", async () => {
  const result = proveWithPasskey(client);
  const missing = { __typename: "PasskeyMissingError", message: "No tienes." };
  await answers.answer("BeginPasskeyProof", { beginPasskeyProof: missing });

  expect(await result).toMatchObject(missing);
  expect(ceremonies).toEqual([]);
});

test("a login goes on with a passkey if the account has one", async () => {
  expect(await verifyWithPasskey(client, { challenge: "l", passkeyOptions: null })).toBeUndefined();
  const result = verifyWithPasskey(client, { challenge: "l", passkeyOptions: options });
  ceremonies[0]!.give({ id: "p" });
  await answers.answer("VerifySecondFactor", { verifySecondFactor: signedIn });

  expect(await result).toMatchObject({ __typename: "LoginSuccess" });
});

test("an offer lasts until a passkey has signed in, and stands back for a button", async () => {
  const page = new AbortController();
  const received: string[] = [];
  const offered = offerPasskeys(client, ({ __typename }) => received.push(__typename), { signal: page.signal });
  const begin = () =>
    answers.answer("BeginPasskeyLogin", { beginPasskeyLogin: { __typename: "BeginPasskeyLoginSuccess", ...begun } });
  await begin();
  expect(ceremonies.map(({ mediation }) => mediation)).toEqual(["conditional"]);

  const byButton = signInWithPasskey(client);
  await begin();
  expect(ceremonies[0]!.signal.aborted).toBe(true);
  await settled();
  expect(answers.requests).toEqual([]);
  ceremonies[1]!.refuse(new DOMException("No.", "NotAllowedError"));
  expect(await byButton).toBeNull();

  await vi.waitFor(() => expect(asked("BeginPasskeyLogin")).toBe(true), 3000);
  await begin();
  ceremonies[2]!.give({ id: "p" });
  await answers.answer("LoginWithPasskey", { loginWithPasskey: refused });
  await vi.waitFor(() => expect(asked("BeginPasskeyLogin")).toBe(true), 3000);
  await begin();
  ceremonies[3]!.give({ id: "p" });
  await answers.answer("LoginWithPasskey", { loginWithPasskey: signedIn });
  await offered;

  expect(received).toEqual(["InvalidInputError", "LoginSuccess"]);
});

test("an offer ends with its page", async () => {
  const page = new AbortController();
  const offered = offerPasskeys(client, () => undefined, { signal: page.signal });
  await answers.answer("BeginPasskeyLogin", {
    beginPasskeyLogin: { __typename: "BeginPasskeyLoginSuccess", ...begun },
  });
  page.abort();
  await offered;

  expect(answers.requests).toEqual([]);
});
