import { useState } from "react";

import { useTexts } from "../texts";
import { Dialog } from "./Dialog";

interface QuestionProps {
  question: string;
  intro: string;
  confirm: string;
  refuse?: string;
  onConfirm(): Promise<unknown>;
  onClose(): void;
}

/** Asks before something that cannot be undone. Escape and the first button do nothing. */
export function Question({ question, intro, confirm, refuse, onConfirm, onClose }: QuestionProps) {
  const texts = useTexts();
  const [busy, setBusy] = useState(false);
  const onClick = async () => {
    if (busy) return;
    setBusy(true);
    await onConfirm();
    onClose();
  };
  return (
    <Dialog title={question} intro={intro} onClose={onClose}>
      <div className="form-actions">
        <button type="button" className="button" onClick={onClose}>
          {refuse ?? texts.cancel}
        </button>
        <button type="button" className="button danger" aria-disabled={busy} onClick={() => void onClick()}>
          {busy && <span className="spinner" aria-hidden="true" />}
          {confirm}
        </button>
      </div>
    </Dialog>
  );
}
