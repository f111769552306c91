import { useRef, useState } from "react";
import type { BankDepositFieldsFragment } from "timbrado-accounts-client";
import { useClient } from "timbrado-accounts-client/react";

import { CopyButton } from "../layout/CopyButton";
import { Question } from "../layout/Question";
import { useFormats, useTexts } from "../texts";
import { useSend } from "../useSend";

/** Everything that the payer has to type at the bank, easy to copy. */
export function DepositCard({ deposit }: { deposit: BankDepositFieldsFragment }) {
  const client = useClient();
  const texts = useTexts();
  const { money, moment } = useFormats();
  const [send] = useSend();
  const [asking, setAsking] = useState(false);
  const { deposit: words } = texts;

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
          onConfirm={() => send(() => client.cancelBankDeposit({ id: deposit.id }))}
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
