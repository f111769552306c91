import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

import { accounts } from "../accounts";
import { device } from "../storage";
import { en } from "./en";
import { es, type Texts } from "./es";

export type Language = "es" | "en";

const TEXTS: Record<Language, Texts> = { es, en };
const KEY = "language";

interface Choice {
  language: Language;
  texts: Texts;
  choose(language: Language): void;
}

const LanguageContext = createContext<Choice | null>(null);

/** Gives the texts to the hooks below it. The service answers in the same language. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(firstLanguage);
  accounts.language = language; // before any component below asks for something
  useEffect(() => {
    document.documentElement.lang = localeOf(language);
    device.set(KEY, language);
  }, [language]);
  const choice = useMemo(() => ({ language, texts: TEXTS[language], choose: setLanguage }), [language]);
  return <LanguageContext value={choice}>{children}</LanguageContext>;
}

export function useLanguage(): Choice {
  const choice = useContext(LanguageContext);
  if (!choice) throw new Error("This component must be inside a LanguageProvider.");
  return choice;
}

export function useTexts(): Texts {
  return useLanguage().texts;
}

/** Returns the `lang` of a text that stays in the language in which it appeared, if that is not the page's. */
export function useLang(written: Language): string | undefined {
  const { language } = useLanguage();
  return written === language ? undefined : localeOf(written);
}

export function localeOf(language: Language): string {
  return language === "es" ? "es-MX" : "en-US";
}

/** Returns functions that write dates and amounts of money as people read them. */
export function useFormats() {
  const { language } = useLanguage();
  return useMemo(() => {
    const locale = localeOf(language);
    const date = new Intl.DateTimeFormat(locale, { dateStyle: "long" });
    const moment = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" });
    const count = new Intl.NumberFormat(locale);
    return {
      date: (text: string) => date.format(new Date(text)),
      moment: (text: string) => moment.format(new Date(text)),
      count: (value: number | string) => count.format(BigInt(value)),
      money: ({ amount, currency }: { amount: string; currency: string }) =>
        new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(
          Number(amount),
        ) + ` ${currency}`,
    };
  }, [language]);
}

function firstLanguage(): Language {
  const chosen = device.get(KEY) ?? navigator.language;
  return chosen.startsWith("en") ? "en" : "es";
}
