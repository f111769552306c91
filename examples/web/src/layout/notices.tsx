import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

import { navigate, usePath } from "../router";
import { Message } from "./Message";

interface Notice {
  kind: "done" | "warning";
  text: string;
  /** The page that it is for. */
  path: string;
  /** Whether it is about something that was done on that page. */
  here: boolean;
  key: number;
}

interface Notices {
  notice: Notice | null;
  /** Shows a notice on this page, or goes to another page and shows it there. */
  show(kind: Notice["kind"], text: string, to?: string, options?: { replace?: boolean }): void;
  close(): void;
}

const NoticeContext = createContext<Notices | null>(null);

export function NoticeProvider({ children }: { children: ReactNode }) {
  const path = usePath();
  const [notice, setNotice] = useState<Notice | null>(null);

  const show = useCallback<Notices["show"]>((kind, text, to, options) => {
    const path = to?.split("?")[0] ?? location.pathname;
    setNotice({ kind, text, path, here: to === undefined, key: Date.now() });
    if (to === undefined) return;
    if (path === location.pathname) scrollTo(0, 0);
    else navigate(to, options);
  }, []);
  const close = useCallback(() => setNotice(null), []);
  useEffect(() => {
    setNotice((shown) => (shown?.path === path ? shown : null));
  }, [path]);

  const notices = useMemo(() => ({ notice, show, close }), [notice, show, close]);
  return <NoticeContext value={notices}>{children}</NoticeContext>;
}

export function useNotices(): Notices {
  const notices = useContext(NoticeContext);
  if (!notices) throw new Error("This component must be inside a NoticeProvider.");
  return notices;
}

/** The region stays in the page, so that screen readers announce what comes into it. */
export function NoticeRegion() {
  const { notice, close } = useNotices();
  return (
    <div role="status" className={notice?.here ? "notices here" : "notices"}>
      {notice && <Message key={notice.key} kind={notice.kind} text={notice.text} onClose={close} />}
    </div>
  );
}
