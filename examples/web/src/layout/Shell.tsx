import type { ReactNode } from "react";
import { useSession } from "timbrado-accounts-client/react";

import { Link, usePath } from "../router";
import { demandedPath } from "../routes";
import { localeOf, useLanguage, type Language } from "../texts";
import { MAIN } from "./content";
import { NoticeRegion } from "./notices";
import { PendingDeletion } from "./PendingDeletion";
import { NewPrivacyNotice } from "./PrivacyNotice";

/** Where the product's own page is, if the app is built for one: examples/upload, for example. */
const UPLOAD_URL = import.meta.env["VITE_UPLOAD_URL"] as string | undefined;

export const LANGUAGES: readonly { language: Language; name: string; short: string }[] = [
  { language: "es", name: "Español", short: "ES" },
  { language: "en", name: "English", short: "EN" },
];

export function Shell({ children }: { children: ReactNode }) {
  const { texts } = useLanguage();
  return (
    <>
      <a className="skip" href={`#${MAIN}`}>
        {texts.skip}
      </a>
      <header className="top">
        <div className="top-inner">
          <Link href="/" className="brand">
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <rect width="32" height="32" rx="8" />
              <path d="M9 16.5l5 5L23.5 11" />
            </svg>
            <span>{texts.siteName}</span>
          </Link>
          <Menu />
          <LanguageSwitch />
        </div>
      </header>
      <main id={MAIN} tabIndex={-1}>
        <NoticeRegion />
        <StandingNotices />
        {children}
      </main>
      <footer className="bottom">
        {texts.siteName} · {texts.tagline}
      </footer>
    </>
  );
}

/** What stays to be said until the person has done something about it. */
function StandingNotices() {
  const { account } = useSession();
  if (!account || account.passwordChangeRequired) return null;
  return (
    <div key={account.id} className="standing">
      <PendingDeletion />
      <NewPrivacyNotice />
    </div>
  );
}

function Menu() {
  const { menu } = useLanguage().texts;
  const { account } = useSession();
  const path = usePath();
  if (account === undefined) return <span className="menu" />;
  const items = account
    ? demandedPath(account)
      ? []
      : ([
          ["/empresa", menu.company],
          ["/pago", menu.payment],
          ["/cuenta", menu.account],
        ] as const)
    : ([
        ["/registro", menu.signUp],
        ["/entrar", menu.signIn],
      ] as const);
  if (items.length === 0) return <span className="menu" />;
  return (
    <nav className="menu" aria-label={menu.label}>
      {items.map(([href, name]) => (
        <Link key={href} href={href} aria-current={path === href ? "page" : undefined}>
          {name}
        </Link>
      ))}
      {account && UPLOAD_URL && <a href={UPLOAD_URL}>{menu.upload}</a>}
    </nav>
  );
}

function LanguageSwitch() {
  const { language: chosen, texts, choose } = useLanguage();
  return (
    <div className="languages" role="group" aria-label={texts.language}>
      {LANGUAGES.map(({ language, name, short }) => (
        <button
          key={language}
          type="button"
          lang={localeOf(language)}
          aria-pressed={language === chosen}
          onClick={() => choose(language)}
        >
          <span aria-hidden="true">{short}</span>
          <span className="unseen">{name}</span>
        </button>
      ))}
    </div>
  );
}
