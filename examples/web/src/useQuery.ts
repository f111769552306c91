import { useCallback, useEffect, useState } from "react";

import { useLanguage } from "./texts";

interface State<T> {
  data: T | undefined;
  error: unknown;
}

export interface Query<T> extends State<T> {
  reload(): void;
  /** Takes what a mutation returned. */
  set(data: T): void;
}

/** Asks when the component appears and when the language changes; keeps the last answer meanwhile. */
export function useQuery<T>(ask: (options: { signal: AbortSignal }) => Promise<T>): Query<T> {
  const { language } = useLanguage();
  const [state, setState] = useState<State<T>>({ data: undefined, error: undefined });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    ask({ signal: controller.signal }).then(
      (data) => controller.signal.aborted || setState({ data, error: undefined }),
      (error: unknown) => controller.signal.aborted || setState(({ data }) => ({ data, error })),
    );
    return () => controller.abort();
    // `ask` is written anew for each rendering, and asks for the same.
  }, [language, attempt]);
  const reload = useCallback(() => setAttempt((number) => number + 1), []);
  const set = useCallback((data: T) => setState({ data, error: undefined }), []);
  return { ...state, reload, set };
}
