import { useState } from "react";
import type { Account } from "timbrado-accounts-client";
import { useClient } from "timbrado-accounts-client/react";

import { CaptchaField } from "../forms/CaptchaField";
import { dropDraft } from "../forms/drafts";
import { Field } from "../forms/Field";
import { Form } from "../forms/Form";
import { PasswordField } from "../forms/PasswordField";
import { useCaptchaStep } from "../forms/useCaptchaStep";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { Link } from "../router";
import { afterSignIn, knownEmail } from "../routes";
import { useTexts } from "../texts";
import { SecondStep } from "./SecondStep";

export function SignInScreen() {
  const client = useClient();
  const texts = useTexts();
  const { show } = useNotices();
  const captcha = useCaptchaStep();
  const [kept] = useState(afterSignIn.kept); // until the page that it leads to forgets it
  const [challenge, setChallenge] = useState<string | null>(null);
  const open = (account: Account, message: string) => {
    knownEmail.keep(account.email);
    dropDraft("recuperar");
    show("done", message, afterSignIn.path(account, kept));
    return true;
  };

  if (challenge) return <SecondStep challenge={challenge} onOpen={open} onExpired={() => setChallenge(null)} />;
  return (
    <Page step={3} title={texts.signIn.title} intro={kept?.startsWith("/pago/paypal") ? texts.signIn.introToPay : texts.signIn.intro}>
      <div className="card">
        <Form
          name="entrar"
          submit={texts.signIn.submit}
          send={(values) =>
            client.login({
              email: values["email"]!,
              password: values["password"]!,
              captcha: captcha.answer(values),
            })
          }
          onResult={(result) => {
            if (result.__typename === "SecondFactorRequiredError" && "challenge" in result) {
              setChallenge(result.challenge);
              return true;
            }
            if (result.__typename !== "LoginSuccess" || !("account" in result)) return captcha.receive(result);
            return open(result.account, result.message);
          }}
          aside={<Link href="/recuperar">{texts.signIn.recover}</Link>}
        >
          <Field
            name="email"
            label={texts.fields.email}
            type="email"
            autoComplete="username"
            inputMode="email"
            defaultValue={knownEmail.current}
          />
          <PasswordField name="password" label={texts.fields.password} autoComplete="current-password" />
          {captcha.shown && <CaptchaField />}
        </Form>
      </div>
      <p className="beside">
        <span>
          {texts.signIn.noAccount} <Link href="/registro">{texts.signIn.signUp}</Link>
        </span>
        <Link href="/confirmar">{texts.signIn.confirm}</Link>
      </p>
    </Page>
  );
}
