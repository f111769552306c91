import { useAccount, useClient } from "timbrado-accounts-client/react";

import { Field, SelectField } from "../forms/Field";
import { Form } from "../forms/Form";
import { Icon } from "../layout/Icon";
import { Loaded } from "../layout/Loaded";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { Link } from "../router";
import { useTexts } from "../texts";
import { useQuery } from "../useQuery";
import { SeriesCard } from "./SeriesCard";

export function CompanyScreen() {
  const client = useClient();
  const account = useAccount();
  const texts = useTexts();
  const { show } = useNotices();
  const query = useQuery(async (options) => (await client.company(options))?.company ?? null);
  const regimes = useQuery((options) => client.taxRegimes({ taxpayerType: account.taxpayerType }, options));
  const complete = account.onboarding.completedSteps.includes("CONFIGURE_COMPANY");

  return (
    <Page step={3} wide title={texts.company.title} intro={texts.company.intro}>
      <Loaded query={query}>
        {(company) => (
          <>
            <section className="card">
              <h2>{texts.company.dataTitle}</h2>
              <Form
                name="empresa"
                submit={texts.company.submit}
                send={({ legalName, taxRegime, postalCode }) =>
                  client.configureCompany({
                    legalName: legalName!,
                    taxRegime: taxRegime!,
                    postalCode: postalCode!,
                  })
                }
                onResult={(result) => {
                  if (result.__typename !== "ConfigureCompanySuccess" || !("company" in result)) return false;
                  const series = company?.series ?? [];
                  query.set({ ...result.company, series });
                  const { completedSteps } = result.account.onboarding;
                  if (!series.length && completedSteps.includes("CONFIGURE_COMPANY")) query.reload(); // another tab's
                  show("done", result.message);
                  return true;
                }}
              >
                <p className="fact">
                  {texts.company.rfc} <strong className="number">{account.rfc}</strong>
                </p>
                <Field
                  name="legalName"
                  label={texts.company.legalName[account.taxpayerType]}
                  hint={texts.company.legalNameHint[account.taxpayerType]}
                  autoComplete={account.taxpayerType === "PERSONA_MORAL" ? "organization" : "name"}
                  defaultValue={company?.legalName}
                />
                <Loaded query={regimes}>
                  {(all) => (
                    <SelectField
                      name="taxRegime"
                      label={texts.company.taxRegime}
                      defaultValue={company?.taxRegime.code ?? ""}
                    >
                      <option value="">{texts.company.chooseRegime}</option>
                      {all.map(({ id, code, description }) => (
                        <option key={id} value={code}>
                          {code} – {description}
                        </option>
                      ))}
                    </SelectField>
                  )}
                </Loaded>
                <Field
                  name="postalCode"
                  label={texts.company.postalCode}
                  hint={texts.company.postalCodeHint}
                  className="short number"
                  autoComplete="postal-code"
                  inputMode="numeric"
                  defaultValue={company?.postalCode}
                />
              </Form>
              <div role="status">
                {company && company.warnings.length > 0 && (
                  <div className="advice">
                    <h3>
                      <Icon name="warning" /> {texts.company.warnings}
                    </h3>
                    <ul>
                      {company.warnings.map(({ code, message }) => (
                        <li key={code}>{message}</li>
                      ))}
                    </ul>
                  </div>
                )}
              </div>
            </section>
            <SeriesCard company={company} onChange={(series) => company && query.set({ ...company, series })} />
            <p className="onward">
              {complete ? (
                <Link href="/pago" className="button primary">
                  {texts.company.next}
                </Link>
              ) : (
                <span className="hint">{texts.company.nextHint}</span>
              )}
            </p>
          </>
        )}
      </Loaded>
    </Page>
  );
}
