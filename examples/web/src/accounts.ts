import { createAccountsClient } from "timbrado-accounts-client";

/** VITE_ACCOUNTS_URL is for an app on another origin than the service's, when it is built. */
export const accounts = createAccountsClient({
  url: (import.meta.env["VITE_ACCOUNTS_URL"] as string | undefined) ?? "/graphql",
  transport: "cookie",
});
