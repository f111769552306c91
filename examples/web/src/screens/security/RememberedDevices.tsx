import { useAccount, useClient } from "timbrado-accounts-client/react";

import { useFormats } from "../../texts";
import { useSecurityTexts } from "../../texts/security";
import { useSend } from "../../useSend";
import { deviceOf } from "./device";

/** The devices on which the account asks for no code, which the sessions' request has brought. */
export function RememberedDevices({ onForgotten }: { onForgotten(): void }) {
  const client = useClient();
  const { rememberedDevices = [] } = useAccount();
  const [send, busy] = useSend();
  const { devices, secondFactor: texts } = useSecurityTexts();
  const { date } = useFormats();
  if (!rememberedDevices.length) return null;

  const forget = async (id: string) => {
    const result = await send(() => client.forgetDevice({ id }));
    if (result?.__typename === "ForgetDeviceSuccess") onForgotten();
  };
  return (
    <>
      <h3>{texts.remembered}</h3>
      <ul className="rows">
        {rememberedDevices.map(({ id, deviceName, userAgent, expiresAt }) => {
          const device = deviceName ?? deviceOf(userAgent, devices);
          return (
            <li key={id} className="row">
              <span className="row-text">
                <strong>{device}</strong>
                <span className="hint">{texts.rememberedUntil(date(expiresAt))}</span>
              </span>
              <span className="row-actions">
                <button
                  type="button"
                  className="button small"
                  aria-disabled={busy}
                  aria-label={texts.forgetLabel(device)}
                  onClick={() => void forget(id)}
                >
                  {texts.forget}
                </button>
              </span>
            </li>
          );
        })}
      </ul>
    </>
  );
}
