import type { Account } from "timbrado-accounts-client";
import { useClient } from "timbrado-accounts-client/react";

import { Field } from "../forms/Field";
import { Form } from "../forms/Form";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { useTexts } from "../texts";

interface SecondStepProps {
  challenge: string;
  onOpen(account: Account, message: string): boolean;
  /** The password has to be typed again. */
  onExpired(): void;
}

/** Asks for the code of the second factor, after the password. */
export function SecondStep({ challenge, onOpen, onExpired }: SecondStepProps) {
  const client = useClient();
  const texts = useTexts();
  const { show } = useNotices();

  return (
    <Page title={texts.secondStep.title} intro={texts.secondStep.intro}>
      <div className="card">
        <Form
          name="codigo"
          submit={texts.signIn.submit}
          send={({ oneTimeCode, rememberDevice }) =>
            client.verifySecondFactor({
              challenge,
              oneTimeCode: oneTimeCode!,
              rememberDevice: rememberDevice === "true",
            })
          }
          onResult={(result) => {
            if (result.__typename === "LoginSuccess" && "account" in result)
              return onOpen(result.account, result.message);
            if (result.__typename !== "LoginExpiredError") return false;
            show("warning", result.message);
            onExpired();
            return true;
          }}
          aside={
            <button type="button" className="button" onClick={onExpired}>
              {texts.cancel}
            </button>
          }
        >
          <Field
            name="oneTimeCode"
            label={texts.secondStep.code}
            hint={texts.secondStep.codeHint}
            autoComplete="one-time-code"
            autoCapitalize="characters"
            spellCheck={false}
            data-secret
          />
          <div className="field">
            <label className="check">
              <input type="checkbox" name="rememberDevice" value="true" data-secret />
              <span>{texts.secondStep.remember}</span>
            </label>
          </div>
        </Form>
      </div>
    </Page>
  );
}
