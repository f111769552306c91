import type { AccountFieldsFragment, CompanyQuery, MeQuery, PaymentQuery } from "./generated/graphql.js";
import type { OperationName } from "./operations.js";
import { Store } from "./store.js";

/**
 * What the service said last about the account that is signed in. `sessions`, `company` and the like are there once a
 * call has asked for them: `me`, `company`, `payment`, and what changes them.
 */
export type Account = AccountFieldsFragment & Asked<MeQuery> & Asked<CompanyQuery> & Asked<PaymentQuery>;

type Asked<Query extends { me: object | null }> = Partial<NonNullable<Query["me"]>>;

export interface SessionState {
  /** Null if nobody is signed in; undefined as long as that is not known. */
  readonly account: Account | null | undefined;
  /** Why the last `refresh` failed. */
  readonly error?: unknown;
}

/** Where the token of a `bearer` client is kept. On a phone, use the Keychain or the Keystore. */
export interface TokenStore {
  get(): Promise<string | null> | string | null;
  set(token: string): Promise<void> | void;
  remove(): Promise<void> | void;
}

/** Keeps the token until the page or the app is closed, so that nothing is left to steal afterwards. */
export function memoryStore(): TokenStore {
  let token: string | null = null;
  return { get: () => token, set: (value) => void (token = value), remove: () => void (token = null) };
}

/** The part of a result that says something about the session. */
interface Seen {
  __typename?: string;
  id?: string;
  token?: string | null;
  deviceToken?: string | null;
  account?: { id: string };
}

/** The account that is signed in, kept up to date by every result and by the other tabs. */
export class Session extends Store<SessionState> {
  /** @internal Grows with each change that makes the answers of earlier requests out of date. */
  version = 0;
  private pending: Promise<unknown> | undefined;
  private readonly channel: BroadcastChannel | undefined;

  constructor(
    private readonly load: () => Promise<Account | null>,
    private readonly tokens: TokenStore,
    private readonly deviceTokens: TokenStore,
    channel: string | undefined,
  ) {
    super({ account: undefined });
    if (!channel || typeof BroadcastChannel === "undefined") return;
    this.channel = new BroadcastChannel(channel);
    this.channel.onmessage = ({ data }: MessageEvent<string | null>) => this.follow(data);
    // Node.js would wait for messages for ever.
    (this.channel as { unref?: () => void }).unref?.();
  }

  /** The account; null if nobody is signed in, and undefined as long as that is not known. */
  get current(): Account | null | undefined {
    return this.snapshot.account;
  }

  /** Asks the service who is signed in. Calls at the same time share one request. */
  readonly refresh = async (): Promise<Account | null | undefined> => {
    const pending = (this.pending ??= this.load());
    try {
      await pending;
    } catch (error) {
      this.set({ ...this.snapshot, error });
      throw error;
    } finally {
      if (this.pending === pending) this.pending = undefined;
    }
    return this.current;
  };

  /** Forgets the account and the token on this device, for a sign-out without a network. The session stays open. */
  async forget(): Promise<void> {
    await this.tokens.remove();
    this.replace(null);
  }

  /** @internal Takes what a result says. `version` is that of the time when its request was sent. */
  async receive(operation: OperationName, field: string, result: unknown, version: number): Promise<void> {
    const seen = result as Seen | null;
    const outdated = version !== this.version;
    if (seen?.__typename === "LoginSuccess") {
      if (seen.token) await this.tokens.set(seen.token);
      if (seen.deviceToken) await this.deviceTokens.set(seen.deviceToken);
      this.replace(seen.account as Account);
    } else if (seen?.__typename === "LogoutSuccess") {
      await this.forget();
    } else if (seen?.__typename === "NotAuthenticatedError" || (field === "me" && !seen)) {
      if (!outdated) await this.forget();
    } else if (operation === "me") {
      if (!outdated) this.replace(seen as Account);
    } else if (field === "me") {
      if (!outdated) this.merge(seen as { id: string });
    } else if (seen?.account) {
      this.merge(seen.account);
    }
  }

  /** @internal */
  close(): void {
    this.channel?.close();
  }

  /** Takes an account, keeping what else was known of it, and tells the other tabs if it is another one. */
  private replace(account: Account | null): void {
    const { current } = this;
    const same = current !== undefined && (current?.id ?? null) === (account?.id ?? null);
    this.update(same && account ? { ...current, ...account } : account);
    if (!same) this.channel?.postMessage(account?.id ?? null);
  }

  /** Takes a part of the account, or asks for all of it if it is another account. */
  private merge(part: { id: string }): void {
    if (this.current?.id === part.id) this.update({ ...this.current, ...part });
    else this.refresh().catch(() => undefined);
  }

  private update(account: Account | null | undefined): void {
    this.version += 1;
    this.pending = undefined;
    this.set({ account });
  }

  /** Another tab has signed out, or signed in with this account. */
  private follow(id: string | null): void {
    if (id === (this.current?.id ?? null) && this.current !== undefined) return;
    this.update(id === null ? null : undefined);
    if (id !== null) this.refresh().catch(() => undefined);
  }
}
