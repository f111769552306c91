import { useRef, useState } from "react";

import type { Outcome } from "./forms/Form";
import { useNotices } from "./layout/notices";
import { problemOf } from "./problems";
import { useTexts } from "./texts";

type Send = <R extends Outcome>(mutate: () => Promise<R>, options?: { quiet?: boolean }) => Promise<R | undefined>;

/**
 * Returns a function that says what came of a mutation, and returns its result unless it failed on the way, and whether
 * it is under way: it does nothing then. `quiet` is for a success that the page itself shows.
 */
export function useSend(): [Send, boolean] {
  const texts = useTexts();
  const { show } = useNotices();
  const [busy, setBusy] = useState(false);
  const sending = useRef(false);
  const send: Send = async (mutate, { quiet = false } = {}) => {
    if (sending.current) return undefined;
    setBusy((sending.current = true));
    try {
      const result = await mutate();
      const done = result.__typename.endsWith("Success");
      // Who gave no proof has closed the dialog, and knows.
      if (result.__typename !== "ReauthenticationRequiredError" && !(done && quiet)) {
        const text = result.fields?.map(({ message }) => message).join(" ") ?? result.message;
        show(done ? "done" : "warning", text);
      }
      return result;
    } catch (error) {
      show("warning", problemOf(error, texts));
      return undefined;
    } finally {
      setBusy((sending.current = false));
    }
  };
  return [send, busy];
}
