import { useClient } from "timbrado-accounts-client/react";

import { CaptchaField } from "../forms/CaptchaField";
import { Field } from "../forms/Field";
import { Form } from "../forms/Form";
import { PasswordField } from "../forms/PasswordField";
import { useCaptchaStep } from "../forms/useCaptchaStep";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { Link } from "../router";
import { knownEmail } from "../routes";
import { useTexts } from "../texts";
import { useQuery } from "../useQuery";

export function RegisterScreen() {
  const client = useClient();
  const texts = useTexts();
  const { show } = useNotices();
  const { data: policy } = useQuery(client.passwordPolicy);
  const captcha = useCaptchaStep();

  return (
    <Page step={1} title={texts.register.title} intro={texts.register.intro}>
      <div className="card">
        <Form
          name="registro"
          submit={texts.register.submit}
          send={(values) =>
            client.createAccount({
              rfc: values["rfc"]!,
              email: values["email"]!,
              password: values["password"]!,
              passwordConfirmation: values["passwordConfirmation"]!,
              captcha: captcha.answer(values),
            })
          }
          onResult={(result) => {
            if (result.__typename !== "CreateAccountSuccess" || !("email" in result)) return captcha.receive(result);
            knownEmail.keep(result.email);
            show("done", result.message, "/confirmar");
            return true;
          }}
        >
          <Field
            name="rfc"
            label={texts.register.rfc}
            hint={texts.register.rfcHint}
            className="upper"
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
          />
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
