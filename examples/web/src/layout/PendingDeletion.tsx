import { useAccount, useClient } from "timbrado-accounts-client/react";

import { problemOf } from "../problems";
import { useFormats, useTexts } from "../texts";
import { Message } from "./Message";
import { useNotices } from "./notices";

/** Says on every page when the account will be deleted, and takes that back. */
export function PendingDeletion() {
  const client = useClient();
  const { deletion } = useAccount();
  const texts = useTexts();
  const { moment } = useFormats();
  const { show } = useNotices();
  if (!deletion) return null;

  const cancel = async () => {
    try {
      const result = await client.cancelAccountDeletion();
      show(result.__typename === "CancelAccountDeletionSuccess" ? "done" : "warning", result.message);
    } catch (error) {
      show("warning", problemOf(error, texts));
    }
  };
  return (
    <Message key={deletion.dueAt} kind="warning" text={texts.deletion.pending(moment(deletion.dueAt))}>
      <button type="button" className="button small" onClick={() => void cancel()}>
        {texts.deletion.cancel}
      </button>
    </Message>
  );
}
