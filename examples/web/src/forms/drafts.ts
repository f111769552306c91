// What was typed into a form, kept in this tab until the form succeeds or the person signs out. No secrets.

const PREFIX = "draft:";

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
