import type { ReactNode } from "react";

import { SlowNote } from "../forms/SubmitButton";
import { problemOf } from "../problems";
import { useTexts } from "../texts";
import type { Query } from "../useQuery";
import { Message } from "./Message";

/** Shows the answer of a query, or that it waits, or why it failed and a button to try again. */
export function Loaded<T>({ query, children }: { query: Query<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  return query.error === undefined ? <Waiting /> : <Failure error={query.error} retry={query.reload} />;
}

export function Waiting() {
  return (
    <div className="card waiting-card">
      <span className="skeleton" />
      <span className="skeleton" />
      <span className="skeleton short" />
      <p role="status" className="hint">
        <SlowNote />
      </p>
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry: () => void }) {
  const texts = useTexts();
  return (
    <div role="alert">
      <Message kind="warning" text={problemOf(error, texts)}>
        <button type="button" className="button small" onClick={retry}>
          {texts.retry}
        </button>
      </Message>
    </div>
  );
}
