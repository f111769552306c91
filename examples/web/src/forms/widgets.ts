// Loads the widgets of captcha providers, which have the same interface.

import type { CaptchaProviderName } from "timbrado-accounts-client";

interface Widgets {
  render(place: HTMLElement, options: Record<string, unknown>): unknown;
}

const PROVIDERS: Record<CaptchaProviderName, { script: string; global: string }> = {
  TURNSTILE: { script: "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit", global: "turnstile" },
  HCAPTCHA: { script: "https://js.hcaptcha.com/1/api.js?render=explicit", global: "hcaptcha" },
  RECAPTCHA: { script: "https://www.google.com/recaptcha/api.js?render=explicit", global: "grecaptcha" },
};
const PATIENCE = 10_000; // milliseconds
const INTERVAL = 50; // milliseconds

/** Rejects if the provider does not respond, or the page's policy does not allow it. */
export async function loadWidgets(name: CaptchaProviderName, language: string): Promise<Widgets> {
  const { script, global } = PROVIDERS[name];
  const find = () => (globalThis as unknown as Record<string, Widgets | undefined>)[global];
  if (!document.querySelector(`script[data-widgets="${name}"]`)) await load(name, `${script}&hl=${language}`);
  for (let waited = 0; waited < PATIENCE; waited += INTERVAL) {
    const widgets = find();
    if (widgets?.render) return widgets;
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
  throw new Error("The widgets did not start.");
}

function load(name: string, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: url, async: true });
    script.dataset["widgets"] = name;
    script.onload = () => resolve();
    script.onerror = () => {
      script.remove(); // so that the next captcha tries again
      reject(new Error("The script did not load."));
    };
    document.head.append(script);
  });
}
