import { useEffect, useState } from "react";
import { useClient } from "timbrado-accounts-client/react";

import { Failure, Waiting } from "../layout/Loaded";
import { Message } from "../layout/Message";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { Link, navigate } from "../router";
import { useTexts } from "../texts";

interface Failed {
  message: string;
  /** A page of PayPal where the payer can go on. */
  url?: string | null;
}

/** PayPal's way back: completes the order that the query names. Twice is the same as once. */
export function PayPalScreen() {
  const client = useClient();
  const texts = useTexts().paypal;
  const { show } = useNotices();
  const [failed, setFailed] = useState<Failed | null>(null);
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    const orderId = new URLSearchParams(location.search).get("token");
    if (!orderId) return navigate("/pago", { replace: true });
    const page = new AbortController();
    const leave: typeof show = (kind, text, to) => show(kind, text, to, { replace: true }); // or Back would end here
    setError(undefined);
    client.completePayPalPayment({ orderId }, { retries: 2, signal: page.signal }).then(
      (result) => {
        if (page.signal.aborted) return;
        if (result.__typename === "CompletePayPalPaymentSuccess") return leave("done", result.message, "/cuenta");
        if (result.__typename === "PaymentPendingError") {
          client.session.refresh().catch(() => undefined); // which knows that a payment is pending
          return leave("warning", result.message, "/pago");
        }
        const url = "approvalUrl" in result ? result.approvalUrl : "retryUrl" in result ? result.retryUrl : null;
        setFailed({ message: result.message, url });
      },
      (reason: unknown) => page.signal.aborted || setError(reason),
    );
    return () => page.abort();
  }, [client, show, attempt]);

  if (error) {
    return (
      <Page step={4} title={texts.title}>
        <Failure error={error} retry={() => setAttempt((number) => number + 1)} />
      </Page>
    );
  }
  if (!failed) {
    return (
      <Page step={4} title={texts.title} intro={texts.intro}>
        <Waiting />
      </Page>
    );
  }
  return (
    <Page step={4} title={texts.failed}>
      <div role="alert">
        <Message kind="warning" text={failed.message} />
      </div>
      <p className="form-actions">
        {failed.url && (
          <a className="button primary" href={failed.url}>
            {texts.again}
          </a>
        )}
        <Link className="button" href="/pago">
          {texts.other}
        </Link>
      </p>
    </Page>
  );
}
