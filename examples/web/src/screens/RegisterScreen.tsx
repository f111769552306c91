import { useClient } from "timbrado-accounts-client/react";

import { CaptchaField } from "../forms/CaptchaField";
import type { Values } from "../forms/drafts";
import { CheckField, Field } from "../forms/Field";
import { Form } from "../forms/Form";
import { PasswordField } from "../forms/PasswordField";
import { RfcField } from "../forms/RfcField";
import { useCaptchaStep } from "../forms/useCaptchaStep";
import { NoticeLink } from "../layout/PrivacyNotice";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { Link } from "../router";
import { knownEmail } from "../routes";
import { useTexts } from "../texts";
import { useQuery } from "../useQuery";

const NOTICE = "acceptedPrivacyNotice";

export function RegisterScreen() {
  const client = useClient();
  const texts = useTexts();
  const { show } = useNotices();
  const { data: policy } = useQuery(client.passwordPolicy);
  const notice = useQuery(client.privacyNotice);
  const captcha = useCaptchaStep();

  const send = async (values: Values) => {
    const result = await client.createAccount({
      rfc: values["rfc"]!,
      email: values["email"]!,
      password: values["password"]!,
      passwordConfirmation: values["passwordConfirmation"]!,
      acceptedPrivacyNotice: values[NOTICE] ?? null,
      captcha: captcha.answer(values),
    });
    // The notice may have been replaced since the page was opened.
    if ("fields" in result && result.fields.some(({ field }) => field === NOTICE)) {
      notice.set(await client.privacyNotice());
    }
    return result;
  };

  return (
    <Page step={1} title={texts.register.title} intro={texts.register.intro}>
      <div className="card">
        <Form
          name="registro"
          submit={texts.register.submit}
          send={send}
          onResult={(result) => {
            if (result.__typename !== "CreateAccountSuccess" || !("email" in result)) return captcha.receive(result);
            knownEmail.keep(result.email);
            show("done", result.message, "/confirmar");
            return true;
          }}
        >
          <RfcField label={texts.register.rfc} />
          <Field name="email" label={texts.register.email} type="email" autoComplete="username" inputMode="email" />
          <PasswordField
            name="password"
            label={texts.fields.password}
            hint={policy && texts.fields.passwordHint(policy.minimumLength)}
            autoComplete="new-password"
          />
          <PasswordField
            name="passwordConfirmation"
            label={texts.fields.passwordConfirmation}
            autoComplete="new-password"
          />
          {notice.data && (
            <CheckField key={notice.data.version} name={NOTICE} value={notice.data.version}>
              {texts.privacy.accept} <NoticeLink url={notice.data.url}>{texts.privacy.notice}</NoticeLink>
            </CheckField>
          )}
          {captcha.shown && <CaptchaField />}
        </Form>
      </div>
      <p className="beside">
        <span>
          {texts.register.haveAccount} <Link href="/entrar">{texts.register.signIn}</Link>
        </span>
        <span>
          {texts.register.haveCode} <Link href="/confirmar">{texts.register.confirm}</Link>
        </span>
      </p>
    </Page>
  );
}
