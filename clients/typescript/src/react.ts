import { createContext, createElement, useContext, useEffect, useSyncExternalStore, type ReactNode } from "react";

import type { Captcha } from "./captcha.js";
import type { AccountsClient } from "./client.js";
import type { Account, SessionState } from "./session.js";

const ClientContext = createContext<AccountsClient | null>(null);
const UNKNOWN: SessionState = { account: undefined };

/** Gives the client to the hooks below it, and asks once who is signed in. */
export function AccountsProvider({ client, children }: { client: AccountsClient; children?: ReactNode }) {
  useEffect(() => {
    // The session keeps the error.
    if (client.session.current === undefined) client.session.refresh().catch(() => undefined);
  }, [client]);
  return createElement(ClientContext.Provider, { value: client }, children);
}

export function useClient(): AccountsClient {
  const client = useContext(ClientContext);
  if (!client) throw new Error("This component must be inside an AccountsProvider.");
  return client;
}

/** Who is signed in: `account` is undefined until that is known, as it is when a server renders, and null for nobody. */
export function useSession(): SessionState {
  const { session } = useClient();
  return useSyncExternalStore(
    session.subscribe,
    () => session.snapshot,
    () => UNKNOWN,
  );
}

/** The account, for components that are shown only if `useSession` has one. */
export function useAccount(): Account {
  const { account } = useSession();
  if (!account) throw new Error("Nobody is signed in: check useSession first.");
  return account;
}

/** The captcha to show in a form; null if none is required. */
export function useCaptcha(): Captcha | null {
  const { captcha } = useClient();
  return useSyncExternalStore(
    captcha.subscribe,
    () => captcha.current,
    () => null,
  );
}
