import { useState } from "react";
import type { Captcha } from "timbrado-accounts-client";
import { useClient } from "timbrado-accounts-client/react";

import { Icon } from "../layout/Icon";
import { problemOf } from "../problems";
import { useLang, useLanguage } from "../texts";
import { CAPTCHA_ANSWER, type Renew } from "./CaptchaField";
import { Field } from "./Field";
import { useForm } from "./Form";
import { ProofButton } from "./ProofButton";

interface OwnCaptchaProps {
  captcha: Captcha;
  renew: Renew;
  /** Says something about the captcha, instead of what was said before. */
  say(text: string): void;
}

/** The picture with its refresh, loudspeaker and help, and a way through for those who can neither see nor hear it. */
export function OwnCaptcha({ captcha, renew, say }: OwnCaptchaProps) {
  const { captcha: form } = useClient();
  const { language, texts } = useLanguage();
  const helpLang = useLang(useState(language)[0]);
  const { clearError } = useForm();
  const [audio, setAudio] = useState<string | null>(null);
  const [help, setHelp] = useState(false);
  const [proof, setProof] = useState<string | null>(null);

  const listen = async () => {
    try {
      const clip = await form.audio();
      if (!clip) return await renew("expired");
      setAudio(clip);
      say("");
    } catch (error) {
      say(problemOf(error, texts));
    }
  };
  const onProof = (found: string) => {
    clearError(CAPTCHA_ANSWER);
    setProof(found);
  };
  const { image, proofOfWork } = captcha;
  return (
    <>
      <div className="captcha-picture">
        {image && <img src={image.dataUri} width={image.width} height={image.height} alt={texts.captcha.image} />}
        <div className="captcha-buttons">
          <button type="button" className="button small" onClick={() => void renew("refreshed")}>
            <Icon name="refresh" /> {texts.captcha.refresh}
          </button>
          <button type="button" className="button small" onClick={() => void listen()}>
            <Icon name="speaker" /> {texts.captcha.listen}
          </button>
          <button
            type="button"
            className="button small square"
            aria-label={texts.captcha.help}
            aria-expanded={help}
            onClick={() => setHelp(!help)}
          >
            ?
          </button>
        </div>
      </div>
      {help && (
        <p className="hint" lang={helpLang}>
          {captcha.help}
        </p>
      )}
      {audio && <audio src={audio} controls autoPlay aria-label={texts.captcha.audio} />}
      {proof ? (
        <>
          <input type="hidden" name={CAPTCHA_ANSWER} value={proof} data-secret />
          <p className="proved" role="status">
            <Icon name="check" /> {texts.captcha.proved}
          </p>
        </>
      ) : (
        <Field
          name={CAPTCHA_ANSWER}
          label={texts.captcha.answer}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          data-secret
        />
      )}
      {proofOfWork && !proof && <ProofButton challenge={proofOfWork.challenge} onProof={onProof} />}
    </>
  );
}
