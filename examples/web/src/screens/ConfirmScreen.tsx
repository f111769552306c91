import { useClient } from "timbrado-accounts-client/react";

import { CaptchaField } from "../forms/CaptchaField";
import { dropDraft, keepDraft } from "../forms/drafts";
import { Field } from "../forms/Field";
import { Form } from "../forms/Form";
import { useCaptchaStep } from "../forms/useCaptchaStep";
import { useCodeFromLink } from "../forms/useCodeFromLink";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { knownEmail } from "../routes";
import { useTexts } from "../texts";

const FORM = "confirmar";

const keepCode = (code: string) => keepDraft(FORM, { code });

export function ConfirmScreen() {
  const client = useClient();
  const texts = useTexts().confirm;
  const { show } = useNotices();
  const links = useCodeFromLink(keepCode);

  return (
    <Page step={2} title={texts.title} intro={links ? texts.fromLink : texts.intro}>
      <div className="card">
        <Form
          key={links}
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
        send={(values) => client.resendConfirmationCode({ email: values["email"]!, captcha: captcha.answer(values) })}
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
