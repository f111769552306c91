import type { PaymentFieldsFragment } from "timbrado-accounts-client";
import { useClient } from "timbrado-accounts-client/react";

import { Loaded } from "../layout/Loaded";
import { Link } from "../router";
import { useFormats, useTexts } from "../texts";
import { useQuery } from "../useQuery";

export function PaymentsCard() {
  const client = useClient();
  const texts = useTexts().account;
  const query = useQuery(async (options) => (await client.payment(options))?.payments ?? []);
  return (
    <section className="card">
      <h2>{texts.payments}</h2>
      <Loaded query={query}>
        {(payments) =>
          payments.length === 0 ? (
            <p className="empty">{texts.noPayments}</p>
          ) : (
            <ul className="rows">
              {payments.map((payment) => (
                <PaymentRow key={payment.id} payment={payment} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

function PaymentRow({ payment }: { payment: PaymentFieldsFragment }) {
  const texts = useTexts();
  const { date, money } = useFormats();
  const { amount, createdAt, expiresAt, method, paidAt, reference, status } = payment;
  const open = status === "OPEN";
  return (
    <li className="row">
      <span className="row-text">
        <strong className="number">{money(amount)}</strong>
        <span className="hint">
          {texts.payment.methods[method] ?? method}
          {" · "}
          {paidAt
            ? texts.account.paid(date(paidAt))
            : open
              ? texts.account.dueBy(date(expiresAt))
              : texts.account.started(date(createdAt))}
          {reference && (
            <>
              {" · "}
              <span className="break">{texts.account.reference(reference)}</span>
            </>
          )}
        </span>
      </span>
      <span className="row-actions">
        {open && <Link href="/pago">{texts.menu.payment}</Link>}
        <span className={status === "PAID" ? "badge good" : "badge"}>{texts.account.statuses[status] ?? status}</span>
      </span>
    </li>
  );
}
