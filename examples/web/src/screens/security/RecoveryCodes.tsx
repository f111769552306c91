import { useEffect, useRef } from "react";
import { useAccount } from "timbrado-accounts-client/react";

import { CopyButton } from "../../layout/CopyButton";
import { useTexts } from "../../texts";
import { useSecurityTexts } from "../../texts/security";

/** Shows the codes until the person says that they are kept: nobody can show them again. */
export function RecoveryCodes({ codes, onKept }: { codes: readonly string[]; onKept(): void }) {
  const { email } = useAccount();
  const { siteName } = useTexts();
  const texts = useSecurityTexts().recoveryCodes;
  const title = useRef<HTMLHeadingElement>(null);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => title.current?.focus(), []);
  const file = [texts.fileTitle(siteName, email), "", ...codes, ""].join("\n");
  return (
    <div className="inset">
      <h3 ref={title} tabIndex={-1}>
        {texts.title}
      </h3>
      <p>{texts.intro}</p>
      <ul className="recovery-codes" ref={list}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <p className="form-actions">
        <CopyButton label={texts.title} text={codes.join("\n")} shown={list} />
        <a
          className="button small"
          href={`data:text/plain;charset=utf-8,${encodeURIComponent(file)}`}
          download={texts.fileName}
        >
          {texts.download}
        </a>
      </p>
      <p>
        <button type="button" className="button primary" onClick={onKept}>
          {texts.kept}
        </button>
      </p>
    </div>
  );
}
