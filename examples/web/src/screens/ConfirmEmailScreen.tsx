import { useState } from "react";

import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { Link } from "../router";
import { mailedCode } from "../routes";
import { useTexts } from "../texts";
import { useSecurityTexts } from "../texts/security";
import { ConfirmEmailForm } from "./security/ConfirmEmailForm";

/** The page of the mail to the new address. */
export function ConfirmEmailScreen() {
  const { cancel } = useTexts();
  const { confirmEmail: texts } = useSecurityTexts();
  const { show } = useNotices();
  const [code] = useState(mailedCode.current);
  return (
    <Page title={texts.title} intro={texts.intro}>
      <div className="card">
        <ConfirmEmailForm
          code={code}
          onConfirmed={(message) => {
            mailedCode.keep("");
            show("done", message, "/seguridad");
          }}
          aside={<Link href="/seguridad">{cancel}</Link>}
        />
      </div>
    </Page>
  );
}
