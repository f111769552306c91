import { useRef, useState } from "react";
import { useAccount, useClient } from "timbrado-accounts-client/react";

import { Field } from "../../forms/Field";
import { FoldedForm } from "../../forms/FoldedForm";
import { Form } from "../../forms/Form";
import { useRecentProof } from "../../forms/RecentProof";
import { Card } from "../../layout/Card";
import { useNotices } from "../../layout/notices";
import { useSecurityTexts } from "../../texts/security";
import { useSend } from "../../useSend";
import { ConfirmEmailForm } from "./ConfirmEmailForm";

const FORM = "correo";

export function EmailCard() {
  const client = useClient();
  const { email, pendingEmail } = useAccount();
  const prove = useRecentProof();
  const [send, busy] = useSend();
  const { show } = useNotices();
  const texts = useSecurityTexts().email;
  const heading = useRef<HTMLHeadingElement>(null);
  const [changes, setChanges] = useState(0);
  const change = (email: string) => prove(() => client.changeEmail({ email }));
  const fold = () => {
    setChanges((number) => number + 1);
    heading.current?.focus();
  };

  return (
    <Card title={texts.title} heading={heading}>
      <p className="break">
        <strong>{email}</strong>
      </p>
      {pendingEmail && (
        <div className="inset">
          <p>{texts.pending(pendingEmail)}</p>
          <ConfirmEmailForm
            onConfirmed={(message) => {
              show("done", message);
              heading.current?.focus();
            }}
            aside={
              <button type="button" className="link" aria-disabled={busy} onClick={() => void send(() => change(pendingEmail))}>
                {texts.resend}
              </button>
            }
          />
        </div>
      )}
      <FoldedForm key={changes} summary={texts.change} name={FORM}>
        <Form
          name={FORM}
          submit={texts.submit}
          send={(values) => change(values["email"]!)}
          onResult={(result) => {
            if (result.__typename !== "ChangeEmailSuccess") return false;
            show("done", result.message);
            fold();
            return true;
          }}
        >
          <Field name="email" label={texts.next} hint={texts.hint} type="email" autoComplete="email" inputMode="email" />
        </Form>
      </FoldedForm>
    </Card>
  );
}
