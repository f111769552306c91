import { useEffect, useRef, useState } from "react";

import { useTexts } from "../texts";
import { prove } from "./proof";

export function ProofButton({ challenge, onProof }: { challenge: string; onProof: (answer: string) => void }) {
  const texts = useTexts();
  const [state, setState] = useState<"idle" | "working" | "failed">("idle");
  const work = useRef<AbortController>(null);
  useEffect(() => () => work.current?.abort(), []);

  const start = async () => {
    if (state === "working") return;
    const controller = (work.current = new AbortController());
    setState("working");
    try {
      onProof(await prove(challenge, controller.signal));
    } catch {
      if (!controller.signal.aborted) setState("failed");
    }
  };
  return (
    <div className="proof">
      <button type="button" className="link" aria-disabled={state === "working"} onClick={() => void start()}>
        {texts.captcha.proof}
      </button>
      <span role="status" className="hint">
        {state === "working" && texts.captcha.proving}
        {state === "failed" && texts.captcha.unproved}
      </span>
    </div>
  );
}
