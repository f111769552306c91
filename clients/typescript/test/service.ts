// The running service, its mails and its captchas. audits/test_typescript_client.py starts it.

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import type { AccountsClient } from "../src/index.js";

const PROJECT = new URL("../../../", import.meta.url);
const PASSWORD = "una frase larga";
let count = 0;

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run pytest audits/test_typescript_client.py.`);
  return value;
}

export const url = `${setting("ACCOUNTS_URL")}/graphql`;
export const origin = setting("ACCOUNTS_URL");

/** Registers and confirms an account. Returns the input of login. */
export async function register(client: AccountsClient): Promise<{ email: string; password: string }> {
  const email = `ana.${process.pid}.${(count += 1)}@example.com`;
  const form = { rfc: "EKU9003173C9", email, password: PASSWORD, passwordConfirmation: PASSWORD };
  await expectSuccess(client.createAccount(form));
  await expectSuccess(client.confirmAccount({ code: await mailed(email, /[2-9A-Z]{40}/) }));
  return { email, password: PASSWORD };
}

async function expectSuccess(call: Promise<{ __typename: string; message: string }>): Promise<void> {
  const { __typename, message } = await call;
  if (!__typename.endsWith("Success")) throw new Error(`${__typename}: ${message}`);
}

/** Waits for a mail to the address with text that matches the pattern. Returns that text. */
export async function mailed(email: string, pattern: RegExp): Promise<string> {
  const folder = `${setting("ACCOUNTS_DATA_DIR")}/mail`;
  for (let tries = 0; tries < 600; tries += 1) {
    const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(`-${email}.eml`)) : [];
    for (const file of files) {
      const found = readFileSync(`${folder}/${file}`, "utf-8").match(pattern);
      if (found) return found[0];
    }
    await sleep(100);
  }
  throw new Error(`no mail to ${email}`);
}

/** Returns the digits that a captcha's dictation says. */
export async function digits(captchaId: string): Promise<string> {
  const env = { PATH: process.env["PATH"], DATA_DIR: setting("ACCOUNTS_DATA_DIR") };
  const command = ["-m", "app", "captcha-answer", captchaId];
  const { stdout } = await promisify(execFile)(setting("ACCOUNTS_PYTHON"), command, { cwd: PROJECT, env });
  return stdout.trim().split("\t").at(-1) ?? "";
}

/** The fetch of a browser's tabs on a page: it sends the page's origin, and keeps the session's cookie. */
export function browser(page = origin): typeof fetch {
  let cookie = "";
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set("Origin", page);
    if (cookie && init?.credentials === "include") headers.set("Cookie", cookie);
    const response = await fetch(input, { ...init, headers });
    for (const line of response.headers.getSetCookie()) cookie = line.includes("Max-Age=0") ? "" : line.split(";")[0]!;
    return response;
  };
}
