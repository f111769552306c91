import { useLanguage } from ".";
import { en } from "./security.en";
import { es, type SecurityTexts } from "./security.es";

/** The texts of the page that is loaded by itself. */
export function useSecurityTexts(): SecurityTexts {
  return useLanguage().language === "es" ? es : en;
}
