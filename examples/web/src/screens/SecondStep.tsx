import { verifyWithPasskey, type Account, type ProofWay } from "timbrado-accounts-client";
import { useClient } from "timbrado-accounts-client/react";

import { Form } from "../forms/Form";
import { OneTimeCodeField } from "../forms/OneTimeCodeField";
import { PasskeyButton } from "../forms/PasskeyButton";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { useTexts } from "../texts";
import { usePasskeyTexts } from "../texts/passkeys";

/** What login answered. */
export interface SecondStepAsked {
  challenge: string;
  ways: readonly ProofWay[];
  passkeyOptions: string | null;
}

interface SecondStepProps {
  asked: SecondStepAsked;
  onOpen(account: Account, message: string): boolean;
  /** The password has to be typed again. */
  onExpired(): void;
}

/** Asks for a passkey or a code, after the password. */
export function SecondStep({ asked, onOpen, onExpired }: SecondStepProps) {
  const client = useClient();
  const texts = useTexts();
  const passkeys = usePasskeyTexts();
  const { show } = useNotices();
  const { challenge, passkeyOptions } = asked;
  const receive = (result: { __typename: string; message: string }) => {
    if (result.__typename === "LoginSuccess" && "account" in result)
      return onOpen(result.account as Account, result.message);
    if (result.__typename !== "LoginExpiredError") return false;
    show("warning", result.message);
    onExpired();
    return true;
  };

  return (
    <Page title={texts.secondStep.title} intro={passkeyOptions ? passkeys.secondStep : texts.secondStep.intro}>
      <div className="card">
        {passkeyOptions && (
          <PasskeyButton
            primary
            label={passkeys.use}
            ask={() => verifyWithPasskey(client, asked)}
            onResult={receive}
          />
        )}
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
          onResult={receive}
          aside={
            <button type="button" className="button" onClick={onExpired}>
              {texts.cancel}
            </button>
          }
        >
          {asked.ways.includes("TOTP") ? (
            <OneTimeCodeField label={texts.secondStep.code} hint={texts.secondStep.codeHint} />
          ) : (
            <OneTimeCodeField label={passkeys.recoveryCode} />
          )}
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
