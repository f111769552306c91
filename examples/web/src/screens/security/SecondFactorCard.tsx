import { useEffect, useRef, useState } from "react";
import { useAccount, useClient } from "timbrado-accounts-client/react";

import { useRecentProof } from "../../forms/RecentProof";
import { Card } from "../../layout/Card";
import { Question } from "../../layout/Question";
import { useFormats } from "../../texts";
import { useSecurityTexts } from "../../texts/security";
import { useSend } from "../../useSend";
import { EnrollForm, type Enrollment } from "./EnrollForm";
import { RecoveryCodes } from "./RecoveryCodes";
import { RememberedDevices } from "./RememberedDevices";

type Shown = { kind: "enrollment"; enrollment: Enrollment } | { kind: "codes"; codes: readonly string[] } | null;

/** An authenticator app, and the codes for the day on which it is lost. */
export function SecondFactorCard() {
  const client = useClient();
  const { secondFactor } = useAccount();
  const prove = useRecentProof();
  const [send, busy] = useSend();
  const texts = useSecurityTexts().secondFactor;
  const { date } = useFormats();
  const heading = useRef<HTMLHeadingElement>(null);
  const [shown, setShown] = useState<Shown>(null);
  const [asking, setAsking] = useState<"replace" | "remove" | null>(null);

  const focused = useRef(shown);
  useEffect(() => {
    if (focused.current && !shown) heading.current?.focus();
    focused.current = shown;
  }, [shown]);

  const enroll = async () => {
    const result = await send(() => prove(client.enrollTotp), { quiet: true });
    if (result?.__typename === "EnrollTotpSuccess") setShown({ kind: "enrollment", enrollment: result });
  };
  const replace = async () => {
    const result = await send(() => prove(client.createRecoveryCodes), { quiet: true });
    if (result?.__typename === "CreateRecoveryCodesSuccess") setShown({ kind: "codes", codes: result.recoveryCodes });
  };
  const remove = async () => {
    const result = await send(() => prove(client.removeSecondFactor));
    if (result?.__typename === "RemoveSecondFactorSuccess") heading.current?.focus();
  };
  /** Closes the question first, so that the dialog for the proof is the only one. */
  const answer = (act: () => Promise<void>) => async () => {
    setAsking(null);
    void act();
  };

  return (
    <Card title={texts.title} intro={texts.intro} heading={heading}>
      {shown?.kind === "enrollment" ? (
        <EnrollForm
          enrollment={shown.enrollment}
          onEnrolled={(codes) => setShown({ kind: "codes", codes })}
          onCancel={() => setShown(null)}
        />
      ) : shown?.kind === "codes" ? (
        <RecoveryCodes codes={shown.codes} onKept={() => setShown(null)} />
      ) : secondFactor ? (
        <>
          <p>
            <span className="badge good">{texts.active}</span> {texts.since(date(secondFactor.since))}
          </p>
          <p>{texts.codesLeft(secondFactor.recoveryCodesLeft)}</p>
          <RememberedDevices onForgotten={() => heading.current?.focus()} />
          <p className="form-actions">
            {!secondFactor.ways.includes("TOTP") && (
              <button type="button" className="button" aria-disabled={busy} onClick={() => void enroll()}>
                {texts.addApp}
              </button>
            )}
            <button type="button" className="button" aria-disabled={busy} onClick={() => setAsking("replace")}>
              {texts.replace}
            </button>
            <button type="button" className="button" aria-disabled={busy} onClick={() => setAsking("remove")}>
              {texts.remove}
            </button>
          </p>
        </>
      ) : (
        <button type="button" className="button" aria-disabled={busy} onClick={() => void enroll()}>
          {busy && <span className="spinner" aria-hidden="true" />}
          {texts.add}
        </button>
      )}
      {asking && (
        <Question
          question={asking === "replace" ? texts.replaceQuestion : texts.removeQuestion}
          intro={asking === "replace" ? texts.replaceIntro : texts.removeIntro}
          confirm={asking === "replace" ? texts.replaceSubmit : texts.removeSubmit}
          onConfirm={answer(asking === "replace" ? replace : remove)}
          onClose={() => setAsking(null)}
        />
      )}
    </Card>
  );
}
