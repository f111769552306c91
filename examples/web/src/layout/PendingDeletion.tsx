import { useAccount, useClient } from "timbrado-accounts-client/react";

import { useFormats, useLanguage } from "../texts";
import { useSend } from "../useSend";
import { focusContent } from "./content";
import { Message } from "./Message";

/** Says on every page when the account will be deleted, and takes that back. */
export function PendingDeletion() {
  const client = useClient();
  const { deletion } = useAccount();
  const { language, texts } = useLanguage();
  const { date } = useFormats();
  const [send, busy] = useSend();
  if (!deletion) return null;

  const cancel = async () => {
    const result = await send(client.cancelAccountDeletion);
    if (result?.__typename === "CancelAccountDeletionSuccess") focusContent();
  };
  return (
    <Message key={language} kind="warning" text={texts.deletion.pending(date(deletion.dueAt))}>
      <button type="button" className="button small" aria-disabled={busy} onClick={() => void cancel()}>
        {texts.deletion.cancel}
      </button>
    </Message>
  );
}
