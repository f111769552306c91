import type { Outcome } from "./forms/Form";
import { useNotices } from "./layout/notices";
import { problemOf } from "./problems";
import { useTexts } from "./texts";

/**
 * Returns a function that says what came of a mutation, and returns its result unless it failed on the way. `quiet` is
 * for a success that the page itself shows.
 */
export function useSend() {
  const texts = useTexts();
  const { show } = useNotices();
  return async <R extends Outcome>(mutation: Promise<R>, { quiet = false } = {}): Promise<R | undefined> => {
    try {
      const result = await mutation;
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
    }
  };
}
