import type { SecurityTexts } from "../../texts/security.es";

const BROWSERS = [
  ["Edg", "Edge"],
  ["OPR", "Opera"],
  ["Firefox", "Firefox"],
  ["Chrome", "Chrome"],
  ["Safari", "Safari"],
] as const;
const SYSTEMS = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["Windows", "Windows"],
  ["Mac OS", "Mac"],
  ["Linux", "Linux"],
] as const;

/** Names a device by its User-Agent, so that its owner recognizes it. */
export function deviceOf(userAgent: string | null, texts: SecurityTexts["devices"]): string {
  const find = (all: readonly (readonly [string, string])[]) => all.find(([part]) => userAgent?.includes(part))?.[1];
  const [browser, system] = [find(BROWSERS), find(SYSTEMS)];
  if (browser && system) return texts.on(browser, system);
  return browser ?? system ?? userAgent?.slice(0, 40) ?? texts.unknown;
}
