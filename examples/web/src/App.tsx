import { useEffect, useRef, type ComponentType } from "react";
import { useClient, useSession } from "timbrado-accounts-client/react";

import { useCodeFromLink } from "./forms/useCodeFromLink";
import { lazily } from "./layout/lazily";
import { Failure, Waiting } from "./layout/Loaded";
import { useNotices } from "./layout/notices";
import { Shell } from "./layout/Shell";
import { navigate, usePath } from "./router";
import { afterSignIn, demandedPath, knownEmail, mailedCode, nextPath, signingOut } from "./routes";
import { AccountScreen } from "./screens/AccountScreen";
import { ChangePasswordScreen } from "./screens/ChangePasswordScreen";
import { CompanyScreen } from "./screens/CompanyScreen";
import { ConfirmScreen } from "./screens/ConfirmScreen";
import { NotFoundScreen } from "./screens/NotFoundScreen";
import { PaymentScreen } from "./screens/PaymentScreen";
import { PayPalScreen } from "./screens/PayPalScreen";
import { RecoverScreen } from "./screens/RecoverScreen";
import { RegisterScreen } from "./screens/RegisterScreen";
import { SignInScreen } from "./screens/SignInScreen";
import { useTexts } from "./texts";

const SecurityScreen = lazily(async () => (await import("./screens/SecurityScreen")).SecurityScreen);
const ConfirmEmailScreen = lazily(async () => (await import("./screens/ConfirmEmailScreen")).ConfirmEmailScreen);
const RevertEmailScreen = lazily(async () => (await import("./screens/RevertEmailScreen")).RevertEmailScreen);

type Audience = "everyone" | "guests" | "members";

const SCREENS: Record<string, [ComponentType, Audience]> = {
  "/registro": [RegisterScreen, "guests"],
  "/confirmar": [ConfirmScreen, "everyone"],
  "/entrar": [SignInScreen, "guests"],
  "/recuperar": [RecoverScreen, "everyone"],
  "/cambiar-clave": [ChangePasswordScreen, "members"],
  "/empresa": [CompanyScreen, "members"],
  "/pago": [PaymentScreen, "members"],
  "/pago/paypal": [PayPalScreen, "members"],
  "/cuenta": [AccountScreen, "members"],
  "/seguridad": [SecurityScreen, "members"],
  "/confirmar-correo": [ConfirmEmailScreen, "members"],
  "/restaurar-correo": [RevertEmailScreen, "everyone"],
};

/** Mails lead there with a code. */
const WITH_MAILED_CODE = new Set(["/confirmar-correo", "/restaurar-correo"]);

const isForMembers = (path: string) => SCREENS[path]?.[1] === "members";

export function App() {
  useEndOfSession();
  const path = usePath().replace(/(.)\/+$/, "$1");
  return <Shell>{path === "/" ? <Start /> : <Route key={path} path={path} />}</Shell>;
}

function Route({ path }: { path: string }) {
  const [Screen, audience] = SCREENS[path] ?? [NotFoundScreen, "everyone"];
  const { account, error } = useSession();
  const { session } = useClient();
  const links = useCodeFromLink(WITH_MAILED_CODE.has(path) ? mailedCode.keep : undefined);
  if (audience === "everyone") return <Screen key={links} />;
  if (account === undefined) {
    return error ? <Failure error={error} retry={() => session.refresh().catch(() => undefined)} /> : <Waiting />;
  }
  if (audience === "guests")
    return account ? <Redirect to={afterSignIn.path(account, afterSignIn.kept)} /> : <Screen />;
  if (!account) return <Redirect to="/entrar" returning />;
  const demanded = demandedPath(account);
  if (demanded && path !== demanded) return <Redirect to={demanded} />;
  return <ForMembers key={`${account.id} ${links}`} Screen={Screen} />;
}

function ForMembers({ Screen }: { Screen: ComponentType }) {
  useEffect(afterSignIn.forget, []);
  return <Screen />;
}

/** The home page is the next step. PayPal returns here if it has no other address. */
function Start() {
  const { account, error } = useSession();
  const { session } = useClient();
  const search = new URLSearchParams(location.search);
  if (search.has("token"))
    return <Redirect to={(search.has("PayerID") ? "/pago/paypal" : "/pago") + location.search} />;
  if (account === undefined) {
    return error ? <Failure error={error} retry={() => session.refresh().catch(() => undefined)} /> : <Waiting />;
  }
  return <Redirect to={account ? nextPath(account) : "/registro"} />;
}

function Redirect({ to, returning = false }: { to: string; returning?: boolean }) {
  useEffect(() => {
    if (returning && !signingOut.current) afterSignIn.keep();
    navigate(to, { replace: true });
    scrollTo(0, 0);
  }, [to, returning]);
  return <Waiting />;
}

/** Says that the session has ended, or that another tab ended it. */
function useEndOfSession() {
  const { account } = useSession();
  const { show } = useNotices();
  const { problem } = useTexts();
  const before = useRef(account);
  useEffect(() => {
    const last = before.current;
    before.current = account === undefined ? last : account;
    if (account === undefined || !last || last.id === account?.id) return;
    if (!signingOut.current) knownEmail.keep(last.email);
    if (!account && !signingOut.current) {
      show("warning", problem.ended, isForMembers(location.pathname) ? "/entrar" : undefined);
    }
    signingOut.current = false;
  }, [account, problem.ended, show]);
}
