import { useRef, useState } from "react";
import { useAccount, useClient } from "timbrado-accounts-client/react";

import { FoldedForm } from "../../forms/FoldedForm";
import { Form } from "../../forms/Form";
import { useRecentProof } from "../../forms/RecentProof";
import { RfcField } from "../../forms/RfcField";
import { Card } from "../../layout/Card";
import { useNotices } from "../../layout/notices";
import { useTexts } from "../../texts";
import { useSecurityTexts } from "../../texts/security";

const FORM = "rfc";

export function RfcCard() {
  const client = useClient();
  const { rfc } = useAccount();
  const prove = useRecentProof();
  const { show } = useNotices();
  const { register } = useTexts();
  const texts = useSecurityTexts().rfc;
  const heading = useRef<HTMLHeadingElement>(null);
  const [changes, setChanges] = useState(0);

  return (
    <Card title={register.rfc} heading={heading}>
      <p className="number">
        <strong>{rfc}</strong>
      </p>
      <FoldedForm key={changes} summary={texts.change} name={FORM}>
        <p>{texts.intro}</p>
        <Form
          name={FORM}
          submit={texts.submit}
          send={(values) => prove(() => client.changeRfc({ rfc: values["rfc"]! }))}
          onResult={(result) => {
            if (result.__typename !== "ChangeRfcSuccess") return false;
            show("done", result.message);
            setChanges((number) => number + 1);
            heading.current?.focus();
            return true;
          }}
        >
          <RfcField label={texts.next} />
        </Form>
      </FoldedForm>
    </Card>
  );
}
