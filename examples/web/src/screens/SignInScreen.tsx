import { useEffect, useRef, useState } from "react";
import { offerPasskeys, signInWithPasskey, type Account } from "timbrado-accounts-client";
import { useClient } from "timbrado-accounts-client/react";

import { CaptchaField } from "../forms/CaptchaField";
import { dropDraft } from "../forms/drafts";
import { Field } from "../forms/Field";
import { Form } from "../forms/Form";
import { PasskeyButton } from "../forms/PasskeyButton";
import { PasswordField } from "../forms/PasswordField";
import { useCaptchaStep } from "../forms/useCaptchaStep";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { Link } from "../router";
import { afterSignIn, knownEmail } from "../routes";
import { useTexts } from "../texts";
import { usePasskeyTexts } from "../texts/passkeys";
import { SecondStep, type SecondStepAsked } from "./SecondStep";

export function SignInScreen() {
  const client = useClient();
  const texts = useTexts();
  const passkeys = usePasskeyTexts();
  const { show } = useNotices();
  const captcha = useCaptchaStep();
  const [kept] = useState(afterSignIn.kept); // until the page that it leads to forgets it
  const [asked, setAsked] = useState<SecondStepAsked | null>(null);
  const open = (account: Account, message: string) => {
    knownEmail.keep(account.email);
    dropDraft("recuperar");
    show("done", message, afterSignIn.path(account, kept));
    return true;
  };

  const receive = useRef<(result: { __typename: string; message: string }) => boolean>(null!);
  receive.current = (result) =>
    result.__typename === "LoginSuccess" && "account" in result && open(result.account as Account, result.message);
  const typing = !asked;
  useEffect(() => {
    if (!typing) return;
    const page = new AbortController();
    const offered = offerPasskeys(
      client,
      (result) => {
        if (!receive.current(result)) show("warning", "fields" in result ? result.fields[0]!.message : result.message);
      },
      page,
    );
    offered.catch(() => undefined); // the button says what is wrong
    return () => page.abort();
  }, [client, typing, show]);

  if (asked) return <SecondStep asked={asked} onOpen={open} onExpired={() => setAsked(null)} />;
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
              setAsked(result);
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
            autoComplete="username webauthn"
            inputMode="email"
            defaultValue={knownEmail.current}
          />
          <PasswordField name="password" label={texts.fields.password} autoComplete="current-password" />
          {captcha.shown && <CaptchaField />}
        </Form>
        <PasskeyButton
          label={passkeys.signIn}
          ask={() => signInWithPasskey(client)}
          onResult={(result) => receive.current(result)}
        />
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
