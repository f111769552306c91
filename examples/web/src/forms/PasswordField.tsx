import { useState } from "react";

import { useTexts } from "../texts";
import { useLabels } from "./Field";

interface PasswordProps {
  name: string;
  label: string;
  autoComplete: "current-password" | "new-password";
  hint?: string | undefined;
}

/** A password that can be shown, pasted and filled in by a password manager, and is never kept in a draft. */
export function PasswordField({ name, label, hint, autoComplete }: PasswordProps) {
  const texts = useTexts();
  const [shown, setShown] = useState(false);
  const { attributes, labeled } = useLabels({ name, label, hint });
  const toggle = shown ? texts.fields.hide : texts.fields.show;
  return labeled(
    <div className="with-button">
      <input
        {...attributes}
        className="input"
        type={shown ? "text" : "password"}
        autoComplete={autoComplete}
        autoCapitalize="none"
        spellCheck={false}
        data-secret
      />
      <button type="button" className="in-field" aria-label={`${toggle}: ${label}`} onClick={() => setShown(!shown)}>
        {toggle}
      </button>
    </div>,
  );
}
