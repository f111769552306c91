import { useLanguage } from ".";
import { en } from "./passkeys.en";
import { es, type PasskeyTexts } from "./passkeys.es";

export function usePasskeyTexts(): PasskeyTexts {
  return useLanguage().language === "es" ? es : en;
}
