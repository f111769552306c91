import { useClient } from "timbrado-accounts-client/react";

import { problemOf } from "../problems";
import { useTexts } from "../texts";
import { useQuery } from "../useQuery";
import { Message } from "./Message";
import { useNotices } from "./notices";

/** Asks people who have signed in to accept a notice that is newer than theirs. Nothing waits for it. */
export function NewPrivacyNotice() {
  const client = useClient();
  const texts = useTexts();
  const { show } = useNotices();
  const { data: notice, set, reload } = useQuery(async (options) => {
    const current = await client.privacyNotice(options);
    const state = current && (await client.acceptedPrivacyNotice(options))?.privacyNotice;
    return state && !state.current ? current : null;
  });
  if (!notice) return null;

  const accept = async () => {
    try {
      const result = await client.acceptPrivacyNotice({ version: notice.version });
      if (result.__typename === "AcceptPrivacyNoticeSuccess") {
        set(null);
        show("done", result.message);
      } else {
        reload(); // it may have been replaced once more
        show("warning", "fields" in result ? result.fields.map(({ message }) => message).join(" ") : result.message);
      }
    } catch (error) {
      show("warning", problemOf(error, texts));
    }
  };
  return (
    <Message kind="warning" text={texts.privacy.changed}>
      <p className="form-actions">
        <NoticeLink url={notice.url} />
        <button type="button" className="button small" onClick={() => void accept()}>
          {texts.privacy.acceptNew}
        </button>
      </p>
    </Message>
  );
}

/** Opens another tab, so that nothing that was typed is lost. */
export function NoticeLink({ url }: { url: string }) {
  const texts = useTexts();
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {texts.privacy.notice}
      <span className="unseen"> ({texts.newTab})</span>
    </a>
  );
}
