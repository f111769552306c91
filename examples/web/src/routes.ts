import type { Account } from "timbrado-accounts-client";

import { tab } from "./storage";

/** Returns the page of what the account has to do before anything else, or null if there is no such thing. */
export function demandedPath(account: Account): string | null {
  if (account.passwordChangeRequired) return "/cambiar-clave";
  return account.secondFactorEnrollmentRequired ? "/seguridad" : null;
}

/** Returns the page of the step that the account has to take next. */
export function nextPath(account: Account): string {
  const demanded = demandedPath(account);
  if (demanded) return demanded;
  switch (account.onboarding.currentStep) {
    case null:
      return "/cuenta";
    case "SELECT_PAYMENT_METHOD":
      return "/pago";
    default:
      return "/empresa";
  }
}

/** The page to return to after signing in, kept in this tab until a page for members is shown. */
export const afterSignIn = {
  keep: () => tab.set("return", location.pathname + location.search),
  forget: () => tab.remove("return"),
  get kept() {
    return tab.get("return");
  },
  path: (account: Account, kept: string | null) => (!demandedPath(account) && kept) || nextPath(account),
};

/** The e-mail that was typed last, so that no form asks for it twice. */
export const knownEmail = {
  keep: (email: string) => tab.set("email", email),
  get current() {
    return tab.get("email") ?? "";
  },
};

/** Whether this tab signs out, so that the end of the session is no news to it. */
export const signingOut = { current: false };

/** The code of a mail's link, until it was used. It is in memory alone, since it is as good as a password. */
export const mailedCode = {
  current: "",
  keep: (code: string) => void (mailedCode.current = code),
};
