import { useState } from "react";
import { useClient } from "timbrado-accounts-client/react";

import { Form } from "../forms/Form";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { knownEmail, mailedCode, signingOut } from "../routes";
import { useTexts } from "../texts";
import { useSecurityTexts } from "../texts/security";
import { CodeField } from "./security/CodeField";

/** The page of the mail to the former address. It does nothing by itself: mail filters open links, too. */
export function RevertEmailScreen() {
  const client = useClient();
  const { session } = client;
  const { confirm } = useTexts();
  const { revertEmail: texts } = useSecurityTexts();
  const { show } = useNotices();
  const [code] = useState(mailedCode.current);

  /** The sessions of the account have ended, and perhaps this tab's. */
  const leave = async (email: string, message: string) => {
    mailedCode.keep("");
    signingOut.current = Boolean(session.current);
    await session.refresh().catch(() => undefined);
    if (session.current) signingOut.current = false;
    knownEmail.keep(email);
    show("done", message, "/recuperar");
  };
  return (
    <Page title={texts.title} intro={texts.intro}>
      <div className="card">
        <Form
          name="restaurar-correo"
          submit={texts.submit}
          send={(values) => client.revertEmail({ code: values["code"]! })}
          onResult={(result) => {
            if (result.__typename !== "RevertEmailSuccess" || !("email" in result)) return false;
            void leave(result.email, result.message);
            return true;
          }}
        >
          <CodeField label={confirm.code} hint={confirm.codeHint} code={code} />
        </Form>
      </div>
    </Page>
  );
}
