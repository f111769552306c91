import { useClient } from "timbrado-accounts-client/react";

import { useRecentProof } from "../../forms/RecentProof";
import { Card } from "../../layout/Card";
import { useSecurityTexts } from "../../texts/security";
import { useSend } from "../../useSend";

/** Mails a link to a copy of the data. The link leads to the service's own page. */
export function ExportCard() {
  const client = useClient();
  const prove = useRecentProof();
  const [send, busy] = useSend();
  const texts = useSecurityTexts().dataExport;
  return (
    <Card title={texts.title} intro={texts.intro}>
      <button
        type="button"
        className="button"
        aria-disabled={busy}
        onClick={() => void send(() => prove(client.exportAccount))}
      >
        {busy && <span className="spinner" aria-hidden="true" />}
        {texts.request}
      </button>
    </Card>
  );
}
