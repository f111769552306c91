import { useEffect, useState } from "react";
import type { Captcha } from "timbrado-accounts-client";
import { useCaptcha, useClient } from "timbrado-accounts-client/react";

import { problemOf } from "../problems";
import { useTexts } from "../texts";
import { OwnCaptcha } from "./OwnCaptcha";
import { ProviderCaptcha } from "./ProviderCaptcha";

const MARGIN = 10_000; // milliseconds before the captcha expires
const LEAST = 60_000; // milliseconds that a captcha is shown, should the clock of the device be wrong

export const CAPTCHA_ANSWER = "captcha.answer";

/** The captcha of the form, of the service or of the provider that it uses. It is replaced before it expires. */
export function CaptchaField() {
  const captcha = useCaptcha();
  const { title } = useTexts().captcha;
  const [note, renew, say] = useRenewal(captcha);
  return (
    <fieldset className="captcha">
      <legend>{title}</legend>
      {!captcha ? (
        <span className="skeleton" aria-hidden="true" />
      ) : captcha.provider ? (
        <ProviderCaptcha key={captcha.id} id={captcha.id} provider={captcha.provider} renew={renew} />
      ) : (
        <OwnCaptcha key={captcha.id} captcha={captcha} renew={renew} say={say} />
      )}
      <div role="status" className="hint">
        {note}
      </div>
    </fieldset>
  );
}

export type Renew = (reason: "expired" | "refreshed") => Promise<void>;

/** Returns what to say about the captcha, a function that gets another one, and one that says something else. */
function useRenewal(captcha: Captcha | null): [string, Renew, (text: string) => void] {
  const { captcha: form } = useClient();
  const texts = useTexts();
  const [note, setNote] = useState("");
  const renew: Renew = async (reason) => {
    try {
      const result = await form.refresh();
      setNote(result.__typename === "CreateCaptchaSuccess" ? texts.captcha[reason] : result.message);
    } catch (error) {
      setNote(problemOf(error, texts));
    }
  };
  useEffect(() => {
    if (!captcha) return;
    const left = Date.parse(captcha.expiresAt) - Date.now() - MARGIN;
    const timer = setTimeout(() => void renew("expired"), Math.max(left, LEAST));
    return () => clearTimeout(timer);
    // A change of language changes neither the captcha nor its end.
  }, [captcha?.id]);
  return [note, renew, setNote];
}
