import { useEffect, useRef } from "react";
import { useClient } from "timbrado-accounts-client/react";

import { Form } from "../../forms/Form";
import { OneTimeCodeField } from "../../forms/OneTimeCodeField";
import { useRecentProof } from "../../forms/RecentProof";
import { CopyButton } from "../../layout/CopyButton";
import { useTexts } from "../../texts";
import { useSecurityTexts } from "../../texts/security";

export interface Enrollment {
  key: string;
  uri: string;
  qrCode: string;
}

interface EnrollFormProps {
  enrollment: Enrollment;
  onEnrolled(recoveryCodes: readonly string[]): void;
  onCancel(): void;
}

/** Gives the key to the app, as a picture, as text and as a link, and asks for its first code. */
export function EnrollForm({ enrollment: { key, uri, qrCode }, onEnrolled, onCancel }: EnrollFormProps) {
  const client = useClient();
  const prove = useRecentProof();
  const { cancel } = useTexts();
  const texts = useSecurityTexts().secondFactor;
  const title = useRef<HTMLHeadingElement>(null);
  const text = useRef<HTMLElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <div className="inset">
      <h3 ref={title} tabIndex={-1}>
        {texts.enrollTitle}
      </h3>
      <p>{texts.scan}</p>
      <img className="qr-code" src={qrCode} alt={texts.qrCode} />
      <p>
        {texts.onThisPhone} <a href={uri}>{texts.openApp}</a>
      </p>
      <div>
        <p>{texts.typeKey}</p>
        <p className="form-actions">
          <code ref={text} className="break">
            {key.match(/.{1,4}/g)?.join(" ")}
          </code>
          <CopyButton label={texts.key} text={key} shown={text} />
        </p>
      </div>
      <Form
        name="segundo-factor"
        submit={texts.confirm}
        send={(values) => prove(() => client.confirmTotp({ oneTimeCode: values["oneTimeCode"]! }))}
        onResult={(result) => {
          if (result.__typename !== "ConfirmTotpSuccess" || !("recoveryCodes" in result)) return false;
          onEnrolled(result.recoveryCodes);
          return true;
        }}
        aside={
          <button type="button" className="button" onClick={onCancel}>
            {cancel}
          </button>
        }
      >
        <OneTimeCodeField label={texts.code} />
      </Form>
    </div>
  );
}
