// What was typed into a form, kept in this tab until the form succeeds or the person signs out. No secrets.

import { tab } from "../storage";

const PREFIX = "draft:";
const OWNER = "drafts of";

export type Values = Record<string, string>;

export function readDraft(form: string): Values {
  try {
    return JSON.parse(tab.get(PREFIX + form) ?? "{}") as Values;
  } catch {
    return {};
  }
}

export function hasDraft(form: string): boolean {
  return Object.values(readDraft(form)).some(Boolean);
}

export function keepDraft(form: string, values: Values): void {
  tab.set(PREFIX + form, JSON.stringify(values));
}

export function dropDraft(form: string): void {
  tab.remove(PREFIX + form);
}

export function dropAllDrafts(): void {
  for (const key of tab.keys()) if (key.startsWith(PREFIX)) tab.remove(key);
}

/** Drops what somebody else typed: after the end of a session, another person may sign in in the same tab. */
export function claimDrafts(account: string): void {
  const owner = tab.get(OWNER);
  if (owner !== null && owner !== account) dropAllDrafts();
  tab.set(OWNER, account);
}
