import { useAccount, useClient } from "timbrado-accounts-client/react";

import { dropAllDrafts } from "../forms/drafts";
import { Loaded } from "../layout/Loaded";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { problemOf } from "../problems";
import { Link } from "../router";
import { knownEmail, nextPath, signingOut } from "../routes";
import { useFormats, useTexts } from "../texts";
import { useQuery } from "../useQuery";
import { PaymentsCard } from "./PaymentsCard";

export function AccountScreen() {
  const texts = useTexts();
  return (
    <Page wide title={texts.account.title}>
      <div className="grid">
        <PlanCard />
        <CompanyCard />
      </div>
      <PaymentsCard />
      <UserCard />
    </Page>
  );
}

function PlanCard() {
  const client = useClient();
  const account = useAccount();
  const texts = useTexts().account;
  const { date } = useFormats();
  const { data: plans } = useQuery(client.plans);
  const { activation } = account;
  const name = plans && (plans.find(({ id }) => id === activation?.planId)?.name ?? activation?.planId);
  const renewable = activation && Date.parse(activation.renewableFrom) < Date.now();
  return (
    <section className="card">
      <h2>{texts.plan}</h2>
      <p>
        <span className={activation?.active ? "badge good" : "badge"}>
          {activation?.active ? texts.active : texts.inactive}
        </span>{" "}
        {name && <strong>{name}</strong>}
      </p>
      <p>
        {activation
          ? activation.active
            ? texts.activeUntil(date(activation.until))
            : texts.ended(date(activation.until))
          : texts.notYet}
      </p>
      {activation?.active && <Stamps {...activation.stamps} />}
      {(!activation || renewable) && (
        <p>
          <Link className="button primary" href={activation ? "/pago" : nextPath(account)}>
            {activation ? texts.renew : texts.next}
          </Link>
        </p>
      )}
    </section>
  );
}

function Stamps({ total, left, endsAt }: { total: number; left: number; endsAt: string | null }) {
  const texts = useTexts().account;
  const { count, date } = useFormats();
  return (
    <p>
      {left === 0 ? texts.noStamps : texts.stamps(count(left), count(total))}
      {endsAt && (
        <>
          <br />
          <span className="hint">{texts.stampsEnd(date(endsAt))}</span>
        </>
      )}
    </p>
  );
}

function CompanyCard() {
  const client = useClient();
  const { rfc } = useAccount();
  const texts = useTexts().account;
  const query = useQuery(async (options) => (await client.company(options))?.company ?? null);
  return (
    <section className="card">
      <h2>{texts.company}</h2>
      <Loaded query={query}>
        {(company) =>
          company ? (
            <>
              <p>
                <strong>{company.legalName}</strong>
                <br />
                <span className="number">{rfc}</span>
              </p>
              <p className="hint">
                {company.taxRegime.code} – {company.taxRegime.description} · {company.postalCode} ·{" "}
                {texts.seriesCount(company.series.length)}
              </p>
            </>
          ) : (
            <>
              <p className="number">{rfc}</p>
              <p>{texts.noCompany}</p>
            </>
          )
        }
      </Loaded>
      <p>
        <Link href="/empresa">{texts.editCompany}</Link>
      </p>
    </section>
  );
}

function UserCard() {
  const client = useClient();
  const { email } = useAccount();
  const texts = useTexts();
  const { show } = useNotices();
  const signOut = async () => {
    signingOut.current = true;
    try {
      const result = await client.logout();
      knownEmail.keep(email);
      dropAllDrafts();
      show("done", result.message, "/entrar");
    } catch (error) {
      signingOut.current = false;
      show("warning", problemOf(error, texts));
    }
  };
  return (
    <section className="card">
      <h2>{texts.account.user}</h2>
      <p className="break">{email}</p>
      <p className="form-actions">
        <Link className="button" href="/seguridad">
          {texts.account.security}
        </Link>
        <Link className="button" href="/cambiar-clave">
          {texts.account.changePassword}
        </Link>
        <button type="button" className="button" onClick={() => void signOut()}>
          {texts.account.signOut}
        </button>
      </p>
    </section>
  );
}
