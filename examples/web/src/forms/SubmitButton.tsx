import { useEffect, useState, type ReactNode } from "react";

import { useTexts } from "../texts";

const SLOW = 3_000; // milliseconds

/** Keeps the focus while it is busy, which a disabled button would lose. */
export function SubmitButton({ busy, children }: { busy: boolean; children: ReactNode }) {
  return (
    <>
      <button type="submit" className="button primary" aria-disabled={busy}>
        {busy && <span className="spinner" aria-hidden="true" />}
        {children}
      </button>
      <span role="status" className="waiting">
        {busy && <SlowNote />}
      </span>
    </>
  );
}

/** Appears only if the answer takes long. */
export function SlowNote() {
  const texts = useTexts();
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW);
    return () => clearTimeout(timer);
  }, []);
  return slow ? texts.wait : null;
}
