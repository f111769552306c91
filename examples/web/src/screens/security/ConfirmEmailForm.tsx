import type { ReactNode } from "react";
import { useClient } from "timbrado-accounts-client/react";

import { Form } from "../../forms/Form";
import { knownEmail } from "../../routes";
import { useTexts } from "../../texts";
import { useSecurityTexts } from "../../texts/security";
import { CodeField } from "./CodeField";

interface ConfirmEmailFormProps {
  /** From the mail's link. */
  code?: string;
  onConfirmed(message: string): void;
  aside?: ReactNode;
}

/** Takes the code that was mailed to the new address. */
export function ConfirmEmailForm({ code, onConfirmed, aside }: ConfirmEmailFormProps) {
  const client = useClient();
  const words = useTexts().confirm;
  const texts = useSecurityTexts().email;
  return (
    <Form
      name="confirmar-correo"
      submit={texts.confirm}
      send={(values) => client.confirmEmail({ code: values["code"]! })}
      onResult={(result) => {
        if (result.__typename !== "ConfirmEmailSuccess" || !("account" in result)) return false;
        knownEmail.keep(result.account.email);
        onConfirmed(result.message);
        return true;
      }}
      aside={aside}
    >
      <CodeField label={words.code} hint={words.codeHint} code={code} />
    </Form>
  );
}
