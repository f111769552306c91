import { CaptchaForm } from "./captcha.js";
import {
  operations,
  type CaptchaInput,
  type LoginInput,
  type LoginWithPasskeyInput,
  type Methods,
  type VerifySecondFactorInput,
} from "./generated/graphql.js";
import type { CallOptions, OperationName } from "./operations.js";
import { memoryStore, Session, type TokenStore } from "./session.js";
import { Transport, type TransportOptions } from "./transport.js";

export interface ClientOptions extends TransportOptions {
  /** Where a `bearer` client keeps its token; by default in memory. */
  store?: TokenStore;
  /** Where a `bearer` client keeps the token of a remembered device, also after a sign-out; by default in memory. */
  deviceStore?: TokenStore;
  /**
   * The BroadcastChannel on which the tabs that share a session tell of sign-ins and sign-outs, or false for none. By
   * default, `cookie` clients in a browser use one for each `url`; `bearer` clients need it if they share a `store`.
   */
  channel?: string | false;
}

/** One method for each operation of graphql/operations/, and what is left between them. */
export interface AccountsClient extends Omit<Methods, "login" | "loginWithPasskey" | "verifySecondFactor"> {
  /** Logs in with an e-mail address and a password, and opens a session that later calls use. */
  login(input: Omit<LoginInput, "transport" | "rememberedDevice">, options?: CallOptions): ReturnType<Methods["login"]>;
  /** Opens a session with what a passkey answered; `signInWithPasskey` does all of it. */
  loginWithPasskey(
    input: Omit<LoginWithPasskeyInput, "transport">,
    options?: CallOptions,
  ): ReturnType<Methods["loginWithPasskey"]>;
  /** Opens the session of a login that answered SecondFactorRequiredError, and may remember the device. */
  verifySecondFactor(
    input: Omit<VerifySecondFactorInput, "transport">,
    options?: CallOptions,
  ): ReturnType<Methods["verifySecondFactor"]>;
  readonly session: Session;
  readonly captcha: CaptchaForm;
  /** The language of messages, as in Accept-Language. */
  language: string | undefined;
  /** Stops following the other tabs. */
  close(): void;
}

export function createAccountsClient(options: ClientOptions): AccountsClient {
  const { store = memoryStore(), deviceStore = memoryStore(), channel = defaultChannel(options) } = options;
  const by = { transport: options.transport === "bearer" ? "BEARER" : "COOKIE" } as const;
  const transport = new Transport(options, () => store.get());

  const call = async (name: OperationName, variables: Record<string, unknown>, callOptions: CallOptions = {}) => {
    const { kind, field } = operations[name];
    const { version } = session;
    const retries = kind === "query" ? 1 : 0;
    const data = await transport.send(operations[name], variables, { retries, ...callOptions });
    const result = data[field];
    captcha.receive(result, (variables["input"] as { captcha?: CaptchaInput | null } | undefined)?.captcha);
    await session.receive(name, field, result, version);
    return result;
  };
  const methods = Object.fromEntries(
    (Object.keys(operations) as OperationName[]).map((name) => [name, methodOf(name, call)]),
  ) as unknown as Methods;
  const session = new Session(() => methods.me(), store, deviceStore, channel || undefined);
  const captcha = new CaptchaForm(methods);

  return {
    ...methods,
    login: async (input, callOptions) =>
      methods.login({ ...input, ...by, rememberedDevice: await deviceStore.get() }, callOptions),
    loginWithPasskey: (input, callOptions) => methods.loginWithPasskey({ ...input, ...by }, callOptions),
    verifySecondFactor: (input, callOptions) => methods.verifySecondFactor({ ...input, ...by }, callOptions),
    session,
    captcha,
    get language() {
      return transport.language;
    },
    set language(language) {
      transport.language = language;
    },
    close: () => session.close(),
  };
}

type Call = (name: OperationName, variables: Record<string, unknown>, options?: CallOptions) => Promise<unknown>;

function methodOf(name: OperationName, call: Call) {
  switch (operations[name].parameter) {
    case "input":
      return (input: unknown, options?: CallOptions) => call(name, { input }, options);
    case "variables":
      return (variables: Record<string, unknown> = {}, options?: CallOptions) => call(name, variables, options);
    case null:
      return (options?: CallOptions) => call(name, {}, options);
  }
}

function defaultChannel({ transport, url }: ClientOptions): string | undefined {
  const inBrowser = typeof document !== "undefined";
  return transport === "cookie" && inBrowser ? `timbrado-accounts ${url}` : undefined;
}
