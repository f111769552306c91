import { useRef, useState } from "react";
import { useAccount, useClient } from "timbrado-accounts-client/react";

import { useRecentProof } from "../../forms/RecentProof";
import { Card } from "../../layout/Card";
import { Question } from "../../layout/Question";
import { useFormats } from "../../texts";
import { useSecurityTexts } from "../../texts/security";
import { useSend } from "../../useSend";

/** Asks for the deletion of the account. The top of every page takes it back. */
export function DeletionCard() {
  const client = useClient();
  const { deletion } = useAccount();
  const prove = useRecentProof();
  const [send, busy] = useSend();
  const { date } = useFormats();
  const texts = useSecurityTexts().deletion;
  const heading = useRef<HTMLHeadingElement>(null);
  const [asking, setAsking] = useState(false);
  const request = async () => {
    const result = await send(() => prove(client.requestAccountDeletion));
    if (result?.__typename === "RequestAccountDeletionSuccess") heading.current?.focus();
  };
  return (
    <Card title={texts.title} heading={heading}>
      {deletion ? (
        <p>{texts.pending(date(deletion.dueAt))}</p>
      ) : (
        <>
          <p>{texts.goes}</p>
          <p>{texts.stays}</p>
          <button type="button" className="button danger" aria-disabled={busy} onClick={() => setAsking(true)}>
            {texts.request}
          </button>
        </>
      )}
      {asking && (
        <Question
          question={texts.question}
          intro={texts.questionIntro}
          confirm={texts.request}
          onConfirm={async () => {
            setAsking(false); // so that the dialog for the proof is the only one
            void request();
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </Card>
  );
}
