import { useEffect, useRef, useState } from "react";
import { useCaptcha, useClient } from "timbrado-accounts-client/react";

import { problemOf } from "../problems";
import { useTexts } from "../texts";
import { Icon } from "../layout/Icon";
import { Field } from "./Field";
import { useForm } from "./Form";
import { ProofButton } from "./ProofButton";

const MARGIN = 10_000; // milliseconds before the captcha expires
const LEAST = 60_000; // milliseconds that a captcha is shown, should the clock of the device be wrong

export const CAPTCHA_ANSWER = "captcha.answer";

/** The picture with its refresh, loudspeaker and help, and a way through for those who can neither see nor hear it. */
export function CaptchaField() {
  const { captcha: form } = useClient();
  const captcha = useCaptcha();
  const texts = useTexts();
  const { clearError } = useForm();
  const [note, setNote] = useState("");
  const [audio, setAudio] = useState<string | null>(null);
  const [help, setHelp] = useState(false);
  const [proof, setProof] = useState<string | null>(null);
  const box = useRef<HTMLFieldSetElement>(null);

  const answer = () => box.current?.querySelector<HTMLInputElement>(`input[name="${CAPTCHA_ANSWER}"]`);
  const renew = async (said: string) => {
    try {
      const result = await form.refresh();
      setNote(result.__typename === "CreateCaptchaSuccess" ? said : result.message);
    } catch (error) {
      setNote(problemOf(error, texts));
    }
  };
  const listen = async () => {
    try {
      const clip = await form.audio();
      if (clip) setAudio(clip);
      else await renew(texts.captcha.expired);
    } catch (error) {
      setNote(problemOf(error, texts));
    }
  };

  useEffect(() => {
    setAudio(null);
    setProof(null);
    const input = answer();
    if (input) input.value = "";
    if (!captcha) return;
    const left = Date.parse(captcha.expiresAt) - Date.now() - MARGIN;
    const timer = setTimeout(() => void renew(texts.captcha.expired), Math.max(left, LEAST));
    return () => clearTimeout(timer);
    // A change of language changes neither the captcha nor its end.
  }, [captcha?.id]);

  const { image } = captcha ?? {};
  return (
    <fieldset className="captcha" ref={box}>
      <legend>{texts.captcha.title}</legend>
      <div className="captcha-picture">
        {image ? (
          <img src={image.dataUri} width={image.width} height={image.height} alt={texts.captcha.image} />
        ) : (
          <span className="skeleton" aria-hidden="true" />
        )}
        <div className="captcha-buttons">
          <button type="button" className="button small" onClick={() => void renew(texts.captcha.refreshed)}>
            <Icon name="refresh" /> {texts.captcha.refresh}
          </button>
          <button type="button" className="button small" onClick={() => void listen()} disabled={!captcha}>
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
      {help && captcha && <p className="hint">{captcha.help}</p>}
      {audio && <audio src={audio} controls autoPlay aria-label={texts.captcha.audio} />}
      <div role="status" className="hint">
        {note}
      </div>
      {proof ? (
        <>
          <input type="hidden" name={CAPTCHA_ANSWER} value={proof} data-secret />
          <p className="proved">
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
      {captcha?.proofOfWork && !proof && (
        <ProofButton
          key={captcha.id}
          challenge={captcha.proofOfWork.challenge}
          onProof={(found) => {
            clearError(CAPTCHA_ANSWER);
            setProof(found);
          }}
        />
      )}
    </fieldset>
  );
}
