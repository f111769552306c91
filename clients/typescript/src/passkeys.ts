import type { AccountsClient } from "./client.js";

const FRESH = 240_000; // milliseconds, after which options are asked for again: they are good for five minutes
const PAUSE = 1_000; // between two offers, so that a browser that answers or refuses at once is not asked all the time

/** What a method of the client answers. */
export type PasskeyResult<M extends keyof AccountsClient> = AccountsClient[M] extends (
  ...parameters: never[]
) => Promise<infer R>
  ? R
  : never;

const ADDRESS = /^[\d.]+$|^\[/; // of which no passkey can be made, unlike a name

/** Whether this page can make and use passkeys in the JSON of the service (WebAuthn level 3). */
export function supportsPasskeys(): boolean {
  return (
    !ADDRESS.test(globalThis.location?.hostname ?? "") &&
    typeof PublicKeyCredential !== "undefined" &&
    "parseCreationOptionsFromJSON" in PublicKeyCredential &&
    "parseRequestOptionsFromJSON" in PublicKeyCredential
  );
}

/** Adds a passkey of this device, or of another one. Throws an InvalidStateError if it has one of this account. */
export async function addPasskey(
  client: AccountsClient,
  nickname?: string,
): Promise<PasskeyResult<"beginPasskeyRegistration"> | PasskeyResult<"addPasskey"> | null> {
  const begun = await client.beginPasskeyRegistration();
  if (begun.__typename !== "BeginPasskeyRegistrationSuccess" || !("options" in begun)) return begun;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(begun.options));
  const credential = await perform((signal) => navigator.credentials.create({ publicKey, signal }));
  return credential === null ? null : client.addPasskey({ credential, nickname: nickname ?? null });
}

/** Opens a session with a passkey that the person chooses. */
export async function signInWithPasskey(
  client: AccountsClient,
  deviceName?: string,
): Promise<PasskeyResult<"beginPasskeyLogin"> | PasskeyResult<"loginWithPasskey"> | null> {
  const begun = await client.beginPasskeyLogin();
  if (begun.__typename !== "BeginPasskeyLoginSuccess" || !("options" in begun)) return begun;
  const credential = await usePasskey(begun.options);
  return credential === null ? null : client.loginWithPasskey({ credential, deviceName: deviceName ?? null });
}

/**
 * Offers passkeys in the field with `autocomplete="username webauthn"`, until one has signed in or `signal` aborts. A
 * ceremony that a button begins interrupts it. `receive` gets each result.
 */
export async function offerPasskeys(
  client: AccountsClient,
  receive: (result: PasskeyResult<"loginWithPasskey">) => void,
  { signal, deviceName }: { signal: AbortSignal; deviceName?: string },
): Promise<void> {
  if (!supportsPasskeys() || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  while (!signal.aborted) {
    const begun = await client.beginPasskeyLogin({ signal });
    if (begun.__typename !== "BeginPasskeyLoginSuccess" || !("options" in begun)) return;
    const ends = AbortSignal.any([signal, AbortSignal.timeout(FRESH)]);
    const credential = await usePasskey(begun.options, "conditional", ends);
    if (credential) {
      const result = await client.loginWithPasskey({ credential, deviceName: deviceName ?? null });
      receive(result);
      if (result.__typename === "LoginSuccess") return;
    }
    await interrupting;
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** Gives a passkey as the second factor of a login. Undefined if the account has none. */
export async function verifyWithPasskey(
  client: AccountsClient,
  { challenge, passkeyOptions }: { challenge: string; passkeyOptions?: string | null | undefined },
): Promise<PasskeyResult<"verifySecondFactor"> | null | undefined> {
  if (!passkeyOptions) return undefined;
  const passkey = await usePasskey(passkeyOptions);
  return passkey === null ? null : client.verifySecondFactor({ challenge, passkey });
}

/** Proves with a passkey who holds the session. `reauthenticate` may be that of `withRecentProof`. */
export async function proveWithPasskey(
  client: AccountsClient,
  reauthenticate: AccountsClient["reauthenticate"] = client.reauthenticate,
): Promise<PasskeyResult<"beginPasskeyProof"> | PasskeyResult<"reauthenticate"> | null> {
  const begun = await client.beginPasskeyProof();
  if (begun.__typename !== "BeginPasskeyProofSuccess" || !("options" in begun)) return begun;
  const passkey = await usePasskey(begun.options);
  return passkey === null ? null : reauthenticate({ passkey });
}

function usePasskey(options: string, mediation?: CredentialMediationRequirement, ends?: AbortSignal) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options));
  return perform(
    (signal) => navigator.credentials.get({ publicKey, signal, ...(mediation && { mediation }) }),
    ends,
  );
}

let interrupt = new AbortController();
let interrupting: Promise<unknown> = Promise.resolve();

/**
 * Begins a ceremony, and ends the one before, since a browser has one at a time. Returns the credential as JSON, or null
 * if the person gives none, or if `ends` or another ceremony ended it.
 */
async function perform(
  ask: (signal: AbortSignal) => Promise<Credential | null>,
  ends?: AbortSignal,
): Promise<string | null> {
  interrupt.abort();
  interrupt = new AbortController();
  const asked = ask(ends ? AbortSignal.any([interrupt.signal, ends]) : interrupt.signal);
  interrupting = asked.catch(() => undefined);
  try {
    const credential = await asked;
    return credential && JSON.stringify(credential);
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    if (["NotAllowedError", "AbortError", "TimeoutError"].includes(name)) return null;
    throw error;
  }
}
