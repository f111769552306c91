import { useState } from "react";
import { useClient } from "timbrado-accounts-client/react";

import { Form } from "../forms/Form";
import { Loaded } from "../layout/Loaded";
import { useNotices } from "../layout/notices";
import { useFormats, useTexts } from "../texts";
import { useQuery } from "../useQuery";

/** Offers the plans and the ways to pay. */
export function PayForm() {
  const client = useClient();
  const texts = useTexts().payment;
  const { count, money } = useFormats();
  const { show } = useNotices();
  const offer = useQuery((options) => Promise.all([client.plans(options), client.paymentMethods(options)]));
  const [chosen, setChosen] = useState<string>();

  return (
    <Loaded query={offer}>
      {([plans, methods]) => {
        const method = chosen ?? methods[0];
        if (!method || plans.length === 0) return <p className="empty">{texts.none}</p>;
        return (
          <Form
            name="pago"
            submit={texts.submit[method] ?? method}
            send={async ({ planId }) =>
              method === "PAYPAL"
                ? await client.startPayPalPayment({ planId: planId! }, { retries: 2 })
                : await client.requestBankDeposit({ planId: planId! }, { retries: 2 })
            }
            onResult={(result) => {
              if (result.__typename === "StartPayPalPaymentSuccess" && "approvalUrl" in result) {
                location.assign(result.approvalUrl);
                return true;
              }
              if (result.__typename !== "RequestBankDepositSuccess") return false;
              show("done", result.message, "/pago");
              return true;
            }}
          >
            <fieldset>
              <legend>{texts.plan}</legend>
              <div className="choices">
                {plans.map((plan, index) => (
                  <label key={plan.id} className="choice">
                    <input type="radio" name="planId" value={plan.id} defaultChecked={index === 0} />
                    <span className="choice-body">
                      <span className="choice-name">{plan.name}</span>
                      <span className="choice-price number">{money(plan.total)}</span>
                      <span className="hint number">{texts.tax(money(plan.subtotal), money(plan.tax))}</span>
                      <span>
                        {texts.stamps(count(plan.stamps))} · {texts.months(plan.periodMonths)}
                      </span>
                    </span>
                  </label>
                ))}
              </div>
            </fieldset>
            <fieldset>
              <legend>{texts.method}</legend>
              <div className="choices two">
                {methods.map((each) => (
                  <label key={each} className="choice">
                    <input
                      type="radio"
                      name="method"
                      value={each}
                      checked={each === method}
                      onChange={() => setChosen(each)}
                    />
                    <span className="choice-body">
                      <span className="choice-name">{texts.methods[each] ?? each}</span>
                      <span className="hint">{texts.methodHints[each]}</span>
                    </span>
                  </label>
                ))}
              </div>
            </fieldset>
          </Form>
        );
      }}
    </Loaded>
  );
}
