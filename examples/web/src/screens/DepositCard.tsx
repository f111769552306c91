import { useEffect, useRef, useState, type RefObject } from "react";
import type { BankDepositFieldsFragment } from "timbrado-accounts-client";
import { useClient } from "timbrado-accounts-client/react";

import { Icon } from "../layout/Icon";
import { useNotices } from "../layout/notices";
import { Question } from "../layout/Question";
import { problemOf } from "../problems";
import { useFormats, useTexts } from "../texts";

/** Everything that the payer has to type at the bank, easy to copy. */
export function DepositCard({ deposit }: { deposit: BankDepositFieldsFragment }) {
  const client = useClient();
  const texts = useTexts();
  const { money, moment } = useFormats();
  const { show } = useNotices();
  const [asking, setAsking] = useState(false);
  const { deposit: words } = texts;

  const cancel = async () => {
    try {
      const result = await client.cancelBankDeposit({ id: deposit.id });
      show(result.__typename === "CancelBankDepositSuccess" ? "done" : "warning", result.message);
    } catch (error) {
      show("warning", problemOf(error, texts));
    }
  };
  return (
    <section className="card">
      <h2>{words.details}</h2>
      <dl className="facts">
        <Fact label={words.amount} shown={money(deposit.amount)} copied={deposit.amount.amount} strong />
        <Fact label={words.reference} shown={deposit.reference} hint={words.referenceHint} copied={deposit.reference} />
        <Fact
          label={words.clabe}
          shown={deposit.clabe.replace(/(\d{3})(\d{3})(\d{11})/, "$1 $2 $3 ")}
          copied={deposit.clabe}
        />
        <Fact label={words.bank} shown={deposit.bank} />
        <Fact label={words.beneficiary} shown={deposit.beneficiary} />
        <Fact label={words.due} shown={moment(deposit.expiresAt)} />
      </dl>
      <p>
        <button type="button" className="link danger-text" onClick={() => setAsking(true)}>
          {words.cancel}
        </button>
      </p>
      {asking && (
        <Question
          question={words.cancelQuestion}
          intro={words.cancelIntro}
          confirm={words.cancelSubmit}
          refuse={words.keep}
          onConfirm={cancel}
          onClose={() => setAsking(false)}
        />
      )}
    </section>
  );
}

interface FactProps {
  label: string;
  shown: string;
  hint?: string;
  /** What the button copies; no button without it. */
  copied?: string;
  strong?: boolean;
}

function Fact({ label, shown, hint, copied, strong = false }: FactProps) {
  const value = useRef<HTMLSpanElement>(null);
  return (
    <div className="fact-row">
      <dt>
        {label}
        {hint && <span className="hint">{hint}</span>}
      </dt>
      <dd className={strong ? "number strong" : "number"}>
        <span ref={value}>{shown}</span>
        {copied && <CopyButton label={label} text={copied} shown={value} />}
      </dd>
    </div>
  );
}

const SHOWN = 2_500; // milliseconds

interface CopyButtonProps {
  label: string;
  text: string;
  /** What is selected where the browser does not let the button copy. */
  shown: RefObject<HTMLElement | null>;
}

function CopyButton({ label, text, shown }: CopyButtonProps) {
  const { deposit } = useTexts();
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
      <button
        type="button"
        className="button small copy"
        aria-label={deposit.copyLabel(label)}
        onClick={() => void copy()}
      >
        <Icon name={copied ? "check" : "copy"} /> {copied ? deposit.copied : deposit.copy}
      </button>
      <span role="status" className={blocked ? "hint" : "unseen"}>
        {copied ? deposit.copied : blocked && deposit.copyBlocked}
      </span>
    </>
  );
}
