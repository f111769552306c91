import { useEffect, useState } from "react";
import { useCaptcha, useClient } from "timbrado-accounts-client/react";

import { CAPTCHA_ANSWER, CaptchaField } from "../forms/CaptchaField";
import { Field } from "../forms/Field";
import { Form } from "../forms/Form";
import { focusCaptcha } from "../forms/useCaptchaStep";
import { Message } from "../layout/Message";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { problemOf } from "../problems";
import { Link } from "../router";
import { knownEmail } from "../routes";
import { useTexts } from "../texts";

export function RecoverScreen() {
  const client = useClient();
  const captcha = useCaptcha();
  const texts = useTexts();
  const { show } = useNotices();
  const [problem, setProblem] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);

  const [mismatches, setMismatches] = useState(0);
  useEffect(() => {
    if (mismatches) focusCaptcha();
  }, [mismatches]);

  const hasCaptcha = captcha !== null;
  useEffect(() => {
    if (hasCaptcha) return;
    setProblem(null);
    client.captcha.refresh().then(
      (result) => result.__typename !== "CreateCaptchaSuccess" && setProblem(result.message),
      (error: unknown) => setProblem(problemOf(error, texts)),
    );
    // The texts change with the language, the captcha does not.
  }, [hasCaptcha, attempt]);

  return (
    <Page title={texts.recover.title} intro={texts.recover.intro}>
      <div className="card">
        <Form
          name="recuperar"
          submit={texts.recover.submit}
          send={(values) =>
            client.recoverPassword({
              email: values["email"]!,
              captcha: { id: captcha?.id ?? "", answer: values[CAPTCHA_ANSWER] ?? "" },
            })
          }
          onResult={(result) => {
            if (result.__typename === "RecoverPasswordSuccess") {
              show("done", result.message, "/entrar");
              return true;
            }
            if (result.__typename === "CaptchaMismatchError") {
              setMismatches((number) => number + 1);
            }
            return false;
          }}
          aside={<Link href="/entrar">{texts.recover.back}</Link>}
        >
          <Field
            name="email"
            label={texts.fields.email}
            type="email"
            autoComplete="username"
            inputMode="email"
            defaultValue={knownEmail.current}
          />
          {problem ? (
            <Message kind="warning" text={problem}>
              <button type="button" className="button small" onClick={() => setAttempt((number) => number + 1)}>
                {texts.retry}
              </button>
            </Message>
          ) : (
            <CaptchaField />
          )}
        </Form>
      </div>
    </Page>
  );
}
