import { useAccount, useClient } from "timbrado-accounts-client/react";

import { useFormats, useTexts } from "../texts";
import { useSend } from "../useSend";
import { Message } from "./Message";

/** Says on every page when the account will be deleted, and takes that back. */
export function PendingDeletion() {
  const client = useClient();
  const { deletion } = useAccount();
  const texts = useTexts();
  const { date } = useFormats();
  const send = useSend();
  if (!deletion) return null;

  return (
    <Message key={deletion.dueAt} kind="warning" text={texts.deletion.pending(date(deletion.dueAt))}>
      <button type="button" className="button small" onClick={() => void send(client.cancelAccountDeletion())}>
        {texts.deletion.cancel}
      </button>
    </Message>
  );
}
