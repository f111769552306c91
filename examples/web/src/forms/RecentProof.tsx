import { createContext, useCallback, useContext, useState, type ReactNode } from "react";
import { proveWithPasskey, withRecentProof, type AskForProof, type ProofWay } from "timbrado-accounts-client";
import { useAccount, useClient } from "timbrado-accounts-client/react";

import { Dialog } from "../layout/Dialog";
import { useTexts } from "../texts";
import { usePasskeyTexts } from "../texts/passkeys";
import type { Values } from "./drafts";
import { Form } from "./Form";
import { OneTimeCodeField } from "./OneTimeCodeField";
import { PasskeyButton } from "./PasskeyButton";
import { PasswordField } from "./PasswordField";
import { UserName } from "./UserName";

/** Sends a mutation. If it needs a recent proof, it is sent again after the person gave one in a dialog. */
export type Prove = <R extends { __typename: string }>(mutate: () => Promise<R>) => Promise<R>;

type Reauthenticate = Parameters<AskForProof>[1];

interface Asked {
  ways: readonly ProofWay[];
  reauthenticate: Reauthenticate;
  close(): void;
}

const ProofContext = createContext<Prove | null>(null);

export function useRecentProof(): Prove {
  const prove = useContext(ProofContext);
  if (!prove) throw new Error("This component must be inside a RecentProofProvider.");
  return prove;
}

/** Has the dialog, outside the forms that need it. */
export function RecentProofProvider({ children }: { children: ReactNode }) {
  const client = useClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const prove = useCallback<Prove>(
    (mutate) =>
      withRecentProof(client, mutate, async (ways, reauthenticate) => {
        await new Promise<void>((close) => setAsked({ ways, reauthenticate, close }));
        setAsked(null);
      }),
    [client],
  );
  return (
    <ProofContext value={prove}>
      {children}
      {asked && <ProofDialog {...asked} />}
    </ProofContext>
  );
}

function ProofDialog({ ways: first, reauthenticate, close }: Asked) {
  const account = useAccount();
  const client = useClient();
  const texts = useTexts();
  const passkeys = usePasskeyTexts();
  const [ways, setWays] = useState(first);
  const byPassword = ways.includes("PASSWORD");
  const byPasskey = ways.includes("PASSKEY");
  const intro = byPasskey ? passkeys.proof : byPassword ? texts.proof.byPassword : texts.proof.byCode;
  const receive = (result: { __typename: string }) => {
    if ("ways" in result) setWays(result.ways as ProofWay[]); // a second factor was added or removed elsewhere
    if (result.__typename !== "ReauthenticateSuccess") return false;
    close();
    return true;
  };
  return (
    <Dialog title={texts.proof.title} intro={intro} onClose={close}>
      {byPasskey && (
        <PasskeyButton
          primary
          label={passkeys.use}
          ask={() => proveWithPasskey(client, reauthenticate)}
          onResult={receive}
        />
      )}
      <Form
        name="prueba"
        submit={texts.proof.submit}
        send={(values) => reauthenticate(proofOf(values))}
        onResult={receive}
        aside={
          <button type="button" className="button" onClick={close}>
            {texts.cancel}
          </button>
        }
      >
        {byPassword ? (
          <>
            <UserName email={account.email} />
            <PasswordField name="password" label={texts.fields.password} autoComplete="current-password" />
          </>
        ) : (
          <OneTimeCodeField label={texts.secondStep.code} hint={texts.secondStep.codeHint} />
        )}
      </Form>
    </Dialog>
  );
}

function proofOf({ password, oneTimeCode = "" }: Values) {
  return password === undefined ? { oneTimeCode } : { password };
}
