import { useEffect, useId, useRef, useState } from "react";

import { useTexts } from "../texts";

interface DialogProps {
  question: string;
  intro: string;
  confirm: string;
  refuse?: string;
  onConfirm(): Promise<void>;
  onClose(): void;
}

/** Asks before something that cannot be undone. Escape and the first button do nothing. */
export function Dialog({ question, intro, confirm, refuse, onConfirm, onClose }: DialogProps) {
  const id = useId();
  const texts = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const onClick = async () => {
    if (busy) return;
    setBusy(true);
    await onConfirm();
    onClose();
  };
  return (
    <dialog ref={dialog} aria-labelledby={`${id}-question`} aria-describedby={`${id}-intro`} onClose={onClose}>
      <h2 id={`${id}-question`}>{question}</h2>
      <p id={`${id}-intro`}>{intro}</p>
      <div className="form-actions">
        <button type="button" className="button" onClick={onClose}>
          {refuse ?? texts.cancel}
        </button>
        <button type="button" className="button danger" aria-disabled={busy} onClick={() => void onClick()}>
          {busy && <span className="spinner" aria-hidden="true" />}
          {confirm}
        </button>
      </div>
    </dialog>
  );
}
