import type { ReactNode } from "react";
import { useClient } from "timbrado-accounts-client/react";

import { useLanguage, useTexts } from "../texts";
import { useQuery } from "../useQuery";
import { useSend } from "../useSend";
import { focusContent } from "./content";
import { Message } from "./Message";

/** Asks people who have signed in to accept a notice that is newer than theirs. Nothing waits for it. */
export function NewPrivacyNotice() {
  const client = useClient();
  const { language, texts } = useLanguage();
  const [send, busy] = useSend();
  const { data: notice, set, reload } = useQuery(async (options) => {
    const current = await client.privacyNotice(options);
    const state = current && (await client.acceptedPrivacyNotice(options))?.privacyNotice;
    return state && !state.current ? current : null;
  });
  if (!notice) return null;

  const accept = async () => {
    const result = await send(() => client.acceptPrivacyNotice({ version: notice.version }));
    if (result?.__typename === "AcceptPrivacyNoticeSuccess") {
      focusContent();
      set(null);
    } else if (result) {
      reload(); // the notice may have been replaced once more
    }
  };
  return (
    <Message key={language} kind="warning" text={texts.privacy.changed}>
      <p className="form-actions">
        <NoticeLink url={notice.url}>{texts.privacy.read}</NoticeLink>
        <button type="button" className="button small" aria-disabled={busy} onClick={() => void accept()}>
          {texts.privacy.acceptNew}
        </button>
      </p>
    </Message>
  );
}

/** Opens another tab, so that nothing that was typed is lost. */
export function NoticeLink({ url, children }: { url: string; children: ReactNode }) {
  const texts = useTexts();
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {children}
      <span className="unseen"> ({texts.newTab})</span>
    </a>
  );
}
