import { createAccountsClient } from "timbrado-accounts-client";

import { claimDrafts } from "./forms/drafts";

/** VITE_ACCOUNTS_URL is for an app on another origin than the service's, when it is built. */
export const accounts = createAccountsClient({
  url: (import.meta.env["VITE_ACCOUNTS_URL"] as string | undefined) ?? "/graphql",
  transport: "cookie",
});

// Before any page is shown, whose forms read their drafts.
accounts.session.subscribe(() => {
  const { current } = accounts.session;
  if (current) claimDrafts(current.id);
});
