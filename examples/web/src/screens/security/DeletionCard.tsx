import { useState } from "react";
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
  const [asking, setAsking] = useState(false);
  const request = async () => {
    setAsking(false);
    void send(() => prove(client.requestAccountDeletion));
  };
  return (
    <Card title={texts.title}>
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
          onConfirm={request}
          onClose={() => setAsking(false)}
        />
      )}
    </Card>
  );
}
