import { useState } from "react";
import { useClient } from "timbrado-accounts-client/react";

import { CaptchaField } from "../forms/CaptchaField";
import { dropDraft, keepDraft } from "../forms/drafts";
import { Field } from "../forms/Field";
import { Form } from "../forms/Form";
import { useCaptchaStep } from "../forms/useCaptchaStep";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { forget } from "../router";
import { knownEmail } from "../routes";
import { useTexts } from "../texts";

const FORM = "confirmar";

export function ConfirmScreen() {
  const client = useClient();
  const texts = useTexts().confirm;
  const { show } = useNotices();
  const [fromLink] = useState(takeCodeFromLink);

  return (
    <Page step={2} title={texts.title} intro={fromLink ? texts.fromLink : texts.intro}>
      <div className="card">
        <Form
          name={FORM}
          submit={texts.submit}
          send={(values) => client.confirmAccount({ code: values["code"]! })}
          onResult={(result) => {
            if (result.__typename !== "ConfirmAccountSuccess" || !("email" in result)) return false;
            knownEmail.keep(result.email);
            dropDraft("registro");
            show("done", result.message, "/entrar");
            return true;
          }}
        >
          <Field
            name="code"
            label={texts.code}
            hint={texts.codeHint}
            className="code"
            autoComplete="one-time-code"
            autoCapitalize="none"
            spellCheck={false}
          />
        </Form>
      </div>
      <Resend />
    </Page>
  );
}

function Resend() {
  const client = useClient();
  const texts = useTexts();
  const { show } = useNotices();
  const captcha = useCaptchaStep();
  return (
    <details className="card quiet">
      <summary>{texts.confirm.missing}</summary>
      <p>{texts.confirm.missingIntro}</p>
      <Form
        name="reenviar"
        submit={texts.confirm.resend}
        send={(values) =>
          client.resendConfirmationCode({ email: values["email"]!, captcha: captcha.answer(values) })
        }
        onResult={(result) => {
          if (result.__typename !== "ResendConfirmationCodeSuccess") return captcha.receive(result);
          show("done", result.message);
          return true;
        }}
      >
        <Field
          name="email"
          label={texts.fields.email}
          type="email"
          autoComplete="username"
          defaultValue={knownEmail.current}
        />
        {captcha.shown && <CaptchaField />}
      </Form>
    </details>
  );
}

/** Takes the code out of the address, where the history would keep it, and returns whether there was one. */
function takeCodeFromLink(): boolean {
  const code = decodeURIComponent(location.hash.slice(1));
  if (!code || code === "content") return false;
  keepDraft(FORM, { code });
  forget("hash");
  return true;
}
