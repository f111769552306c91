import { useState, type ReactNode } from "react";

import { hasDraft } from "./drafts";

interface FoldedFormProps {
  summary: string;
  /** The name of the form, which is open from the start if it has a draft. */
  name: string;
  children: ReactNode;
}

/** A form that few people need. */
export function FoldedForm({ summary, name, children }: FoldedFormProps) {
  const [open] = useState(() => hasDraft(name));
  return (
    <details open={open}>
      <summary>{summary}</summary>
      {children}
    </details>
  );
}
