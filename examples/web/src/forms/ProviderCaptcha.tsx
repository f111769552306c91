import { useEffect, useRef, useState } from "react";
import type { Captcha } from "timbrado-accounts-client";

import { useLanguage } from "../texts";
import { CAPTCHA_ANSWER, type Renew } from "./CaptchaField";
import { useForm } from "./Form";
import { loadWidgets } from "./widgets";

interface ProviderCaptchaProps {
  id: string;
  provider: NonNullable<Captcha["provider"]>;
  renew: Renew;
}

/** The widget of Turnstile, hCaptcha or reCAPTCHA; its token is the answer. */
export function ProviderCaptcha({ id, provider, renew }: ProviderCaptchaProps) {
  const { language, texts } = useLanguage();
  const { errors, errorLang, clearError } = useForm();
  const place = useRef<HTMLDivElement>(null);
  const [token, setToken] = useState("");
  const [failed, setFailed] = useState(false);
  const error = errors[CAPTCHA_ANSWER];

  useEffect(() => {
    let left = false;
    const receive = (found: string) => {
      clearError(CAPTCHA_ANSWER);
      setToken(found);
    };
    loadWidgets(provider.name, language).then(
      (widgets) => {
        if (left || !place.current) return;
        widgets.render(place.current, {
          sitekey: provider.siteKey,
          callback: receive,
          "expired-callback": () => setToken(""),
          "error-callback": () => setFailed(true),
          cData: id, // Turnstile's token then counts for this captcha only
        });
      },
      () => left || setFailed(true),
    );
    return () => {
      left = true;
    };
    // The widget is this captcha's as long as it is shown.
  }, []);

  return (
    <>
      <div ref={place} />
      <input type="hidden" name={CAPTCHA_ANSWER} value={token} data-secret />
      <div role="alert" className="field-error" lang={error && errorLang}>
        {error ?? (failed && texts.captcha.unavailable)}
      </div>
      {failed && (
        <button type="button" className="button small" onClick={() => void renew("refreshed")}>
          {texts.retry}
        </button>
      )}
    </>
  );
}
