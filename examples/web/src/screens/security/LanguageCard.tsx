import type { Language } from "timbrado-accounts-client";
import { useAccount, useClient } from "timbrado-accounts-client/react";

import { SelectField } from "../../forms/Field";
import { Form } from "../../forms/Form";
import { Card } from "../../layout/Card";
import { useNotices } from "../../layout/notices";
import { LANGUAGES } from "../../layout/Shell";
import { localeOf } from "../../texts";
import { useSecurityTexts } from "../../texts/security";

/** The language of mails; that of the pages is chosen at their top. */
export function LanguageCard() {
  const client = useClient();
  const { language } = useAccount();
  const { show } = useNotices();
  const texts = useSecurityTexts().language;
  return (
    <Card title={texts.title}>
      <Form
        name="idioma"
        submit={texts.submit}
        send={(values) => client.updateAccount({ language: values["language"] as Language })}
        onResult={(result) => {
          if (result.__typename !== "UpdateAccountSuccess") return false;
          show("done", result.message);
          return true;
        }}
      >
        <SelectField name="language" label={texts.label} defaultValue={language}>
          {LANGUAGES.map(({ language, name }) => (
            <option key={language} value={language.toUpperCase()} lang={localeOf(language)}>
              {name}
            </option>
          ))}
        </SelectField>
      </Form>
    </Card>
  );
}
