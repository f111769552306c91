import { useEffect, useState, type RefObject } from "react";

import { useTexts } from "../texts";
import { Icon } from "./Icon";

const SHOWN = 2_500; // milliseconds

interface CopyButtonProps {
  label: string;
  text: string;
  /** What is selected where the browser does not let the button copy. */
  shown: RefObject<HTMLElement | null>;
}

export function CopyButton({ label, text, shown }: CopyButtonProps) {
  const { copying } = useTexts();
  const [copied, setCopied] = useState(false);
  const [blocked, setBlocked] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setBlocked(false);
    } catch {
      if (shown.current) getSelection()?.selectAllChildren(shown.current);
      setBlocked(true);
    }
  };
  return (
    <>
      <button type="button" className="button small copy" aria-label={copying.label(label)} onClick={() => void copy()}>
        <Icon name={copied ? "check" : "copy"} /> {copied ? copying.copied : copying.copy}
      </button>
      <span role="status" className={blocked ? "hint" : "unseen"}>
        {copied ? copying.copied : blocked && copying.blocked}
      </span>
    </>
  );
}
