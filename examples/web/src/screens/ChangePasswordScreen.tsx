import { useState } from "react";
import { useAccount, useClient } from "timbrado-accounts-client/react";

import { Form } from "../forms/Form";
import { PasswordField } from "../forms/PasswordField";
import { UserName } from "../forms/UserName";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { Link } from "../router";
import { nextPath } from "../routes";
import { useTexts } from "../texts";
import { useQuery } from "../useQuery";

export function ChangePasswordScreen() {
  const client = useClient();
  const account = useAccount();
  const texts = useTexts();
  const { show } = useNotices();
  const { data: policy } = useQuery(client.passwordPolicy);
  const [mailed] = useState(account.passwordChangeRequired); // until this page is left

  return (
    <Page
      title={mailed ? texts.password.mailedTitle : texts.password.title}
      intro={mailed ? texts.password.mailedIntro : texts.password.intro}
    >
      <div className="card">
        <Form
          name="cambiar-clave"
          submit={texts.password.submit}
          send={({ currentPassword, newPassword, newPasswordConfirmation }) =>
            client.changePassword({
              currentPassword: currentPassword!,
              newPassword: newPassword!,
              newPasswordConfirmation: newPasswordConfirmation!,
            })
          }
          onResult={(result) => {
            if (result.__typename !== "ChangePasswordSuccess" || !("account" in result)) return false;
            show("done", result.message, mailed ? nextPath(result.account) : "/cuenta");
            return true;
          }}
          aside={!mailed && <Link href="/cuenta">{texts.cancel}</Link>}
        >
          <UserName email={account.email} />
          <PasswordField
            name="currentPassword"
            label={mailed ? texts.password.mailed : texts.password.current}
            autoComplete="current-password"
          />
          <PasswordField
            name="newPassword"
            label={texts.password.next}
            hint={policy && texts.fields.passwordHint(policy.minimumLength)}
            autoComplete="new-password"
          />
          <PasswordField
            name="newPasswordConfirmation"
            label={texts.password.confirmation}
            autoComplete="new-password"
          />
        </Form>
      </div>
    </Page>
  );
}
