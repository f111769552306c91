import { useEffect, useState } from "react";
import { useAccount, useClient } from "timbrado-accounts-client/react";

import { Message } from "../layout/Message";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { forget, Link } from "../router";
import { useFormats, useTexts } from "../texts";
import { DepositCard } from "./DepositCard";
import { PayForm } from "./PayForm";
import { useFollowedPayment } from "./useFollowedPayment";

/** Step 4: what there is to pay now, or what is being waited for. */
export function PaymentScreen() {
  const account = useAccount();
  const texts = useTexts();
  useReturnWithoutPayment();
  useFollowedPayment();
  const { activation, onboarding, openDeposit, paymentPending } = account;
  const title = openDeposit
    ? texts.deposit.title
    : activation
      ? texts.payment.renewTitle
      : texts.payment.title;
  return (
    <Page
      // The focus moves to the title of what comes instead of the form.
      key={openDeposit?.id ?? "choice"}
      step={4}
      wide
      title={title}
      intro={openDeposit ? texts.deposit.intro : texts.payment.intro}
    >
      {activation?.active && <ActiveCard />}
      {paymentPending ? (
        <section className="card">
          <h2>{texts.payment.pendingTitle}</h2>
          <p>{texts.payment.pendingIntro}</p>
        </section>
      ) : !onboarding.completedSteps.includes("CONFIGURE_COMPANY") ? (
        <Message kind="warning" text={texts.payment.companyFirst}>
          <Link href="/empresa" className="button small">
            {texts.payment.toCompany}
          </Link>
        </Message>
      ) : openDeposit ? (
        <>
          <DepositCard deposit={openDeposit} />
          <details className="card quiet">
            <summary>{texts.deposit.other}</summary>
            <PayForm />
          </details>
        </>
      ) : (
        <Renewable>
          <section className="card">
            <PayForm />
          </section>
        </Renewable>
      )}
    </Page>
  );
}

/** Offers to pay only once the account can be renewed. */
function Renewable({ children }: { children: React.ReactNode }) {
  const { activation } = useAccount();
  const [now] = useState(Date.now);
  if (activation?.active && Date.parse(activation.renewableFrom) > now) return null;
  return children;
}

function ActiveCard() {
  const { activation } = useAccount();
  const texts = useTexts().payment;
  const { date } = useFormats();
  if (!activation) return null;
  const early = Date.parse(activation.renewableFrom) > Date.now();
  return (
    <section className="card">
      <h2>{texts.activeTitle}</h2>
      <p>
        {texts.activeUntil(date(activation.until))} {early && texts.renewableFrom(date(activation.renewableFrom))}
      </p>
      <p>
        <Link href="/cuenta" className="button primary">
          {texts.toAccount}
        </Link>
      </p>
    </section>
  );
}

/** PayPal sends who cancels back with the order in the query, which says nothing more. */
function useReturnWithoutPayment() {
  const client = useClient();
  const { show } = useNotices();
  const { payment } = useTexts();
  useEffect(() => {
    if (!new URLSearchParams(location.search).has("token")) return;
    forget("search");
    show("warning", payment.canceled);
  }, [client, show, payment.canceled]);
}
