import { useState } from "react";
import { supportsPasskeys } from "timbrado-accounts-client";

import { Message } from "../layout/Message";
import { problemOf } from "../problems";
import { useTexts } from "../texts";
import { usePasskeyTexts } from "../texts/passkeys";
import type { Outcome } from "./Form";

interface PasskeyButtonProps<R extends Outcome> {
  label: string;
  /** Asks for a passkey. Null if the person gave none. */
  ask(): Promise<R | null | undefined>;
  /** Returns whether the result needs no message here. */
  onResult(result: R): boolean;
  primary?: boolean;
}

/** Uses a passkey at a press, and says what came of it. Nothing where the browser supports none. */
export function PasskeyButton<R extends Outcome>({ label, ask, onResult, primary = false }: PasskeyButtonProps<R>) {
  const texts = useTexts();
  const { none } = usePasskeyTexts();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  if (!supportsPasskeys()) return null;

  const onClick = async () => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const result = await ask();
      if (!result) setProblem(none);
      else if (!onResult(result)) setProblem(result.fields?.map(({ message }) => message).join(" ") ?? result.message);
    } catch (error) {
      setProblem(problemOf(error, texts));
    }
    setBusy(false);
  };
  return (
    <div className="form">
      <div role="alert">{problem && <Message kind="warning" text={problem} />}</div>
      <button
        type="button"
        className={primary ? "button primary" : "button"}
        aria-disabled={busy}
        onClick={() => void onClick()}
      >
        {busy && <span className="spinner" aria-hidden="true" />}
        {label}
      </button>
    </div>
  );
}
