import { useEffect, useState } from "react";
import { useCaptcha, useClient } from "timbrado-accounts-client/react";

import { CAPTCHA_ANSWER } from "./CaptchaField";
import type { Values } from "./drafts";
import type { Outcome } from "./Form";

/** Moves the focus to where the answer is typed, if it is typed. */
export function focusCaptcha(): void {
  document.querySelector<HTMLInputElement>(`input[name="${CAPTCHA_ANSWER}"]:not([type=hidden])`)?.focus();
}

/** The captcha of a form that needs none until a result comes with one. */
export function useCaptchaStep() {
  const { captcha: form } = useClient();
  const captcha = useCaptcha();
  const [asked, setAsked] = useState(0);
  const shown = asked > 0 && captcha !== null;
  useEffect(() => {
    if (asked) focusCaptcha();
  }, [asked]);
  return {
    shown,
    answer: ({ [CAPTCHA_ANSWER]: typed = "" }: Values) => (shown ? form.answer(typed) : null),
    /** Moves the focus to the captcha that came with the result, if any. The form says why. */
    receive: ({ __typename }: Outcome) => {
      if (__typename.startsWith("Captcha")) setAsked((number) => number + 1);
      return false;
    },
  };
}
