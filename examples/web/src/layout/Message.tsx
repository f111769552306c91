import { useState, type ReactNode } from "react";

import { useLang, useLanguage } from "../texts";
import { Icon } from "./Icon";

interface MessageProps {
  /** Done, with a check, or not, with a warning sign. */
  kind: "done" | "warning";
  text: string;
  onClose?: () => void;
  children?: ReactNode;
}

/** The manual's message box. A text stays in the language in which the service wrote it. */
export function Message({ kind, text, onClose, children }: MessageProps) {
  const { language, texts } = useLanguage();
  const lang = useLang(useState(language)[0]);
  return (
    <div className={`message ${kind}`}>
      <Icon name={kind === "done" ? "check" : "warning"} />
      <div className="message-body">
        <p lang={lang}>
          <span className="unseen">{kind === "done" ? texts.done : texts.warning}: </span>
          {text}
        </p>
        {children}
      </div>
      {onClose && (
        <button type="button" className="message-close" aria-label={texts.close} onClick={onClose}>
          ×
        </button>
      )}
    </div>
  );
}
