// What was typed into a form, kept in this tab until the form succeeds or the person signs out. No secrets.

const PREFIX = "draft:";
const OWNER = "drafts of";

export type Values = Record<string, string>;

export function readDraft(form: string): Values {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + form) ?? "{}") as Values;
  } catch {
    return {};
  }
}

export function keepDraft(form: string, values: Values): void {
  sessionStorage.setItem(PREFIX + form, JSON.stringify(values));
}

export function dropDraft(form: string): void {
  sessionStorage.removeItem(PREFIX + form);
}

export function dropAllDrafts(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
}

/** Drops what somebody else typed: after the end of a session, another person may sign in in the same tab. */
export function claimDrafts(account: string): void {
  const owner = sessionStorage.getItem(OWNER);
  if (owner !== null && owner !== account) dropAllDrafts();
  sessionStorage.setItem(OWNER, account);
}
