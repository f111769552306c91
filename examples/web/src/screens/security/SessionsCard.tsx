import { useRef, useState } from "react";
import type { SessionFieldsFragment } from "timbrado-accounts-client";
import { useAccount, useClient } from "timbrado-accounts-client/react";

import type { Outcome } from "../../forms/Form";
import { Card } from "../../layout/Card";
import { Loaded } from "../../layout/Loaded";
import { useFormats } from "../../texts";
import { useSecurityTexts } from "../../texts/security";
import { useQuery } from "../../useQuery";
import { useSend } from "../../useSend";
import { deviceOf } from "./device";
import { NameForm } from "./NameForm";

export function SessionsCard() {
  const client = useClient();
  const [send, busy] = useSend();
  const { devices, sessions: texts } = useSecurityTexts();
  const { sessions = [] } = useAccount();
  const query = useQuery(async (options) => (await client.me(options)) !== null);
  const [naming, setNaming] = useState<string | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  const end = async (mutate: () => Promise<Outcome>) => {
    const result = await send(mutate);
    if (!result) return;
    if (!result.__typename.endsWith("Success")) query.reload(); // it has ended already
    heading.current?.focus();
  };
  const close = () => {
    setNaming(null);
    heading.current?.focus();
  };
  return (
    <Card title={texts.title} intro={texts.intro} heading={heading}>
      <Loaded query={query}>
        {() => (
          <>
            <ul className="rows">
              {sessions.map((session) =>
                session.id === naming ? (
                  <li key={session.id} className="row-form">
                    <NameForm
                      draft={`sesion-${session.id}`}
                      field="deviceName"
                      name={session.deviceName}
                      label={texts.deviceName(deviceOf(session.userAgent, devices))}
                      hint={texts.deviceNameHint}
                      submit={texts.saveName}
                      rename={(deviceName) => client.renameSession({ id: session.id, deviceName })}
                      onRenamed={close}
                      onCancel={close}
                    />
                  </li>
                ) : (
                  <SessionRow
                    key={session.id}
                    session={session}
                    onName={() => setNaming(session.id)}
                    onEnd={() => void end(() => client.revokeSession({ id: session.id }))}
                  />
                ),
              )}
            </ul>
            {sessions.length > 1 && (
              <button
                type="button"
                className="button"
                aria-disabled={busy}
                onClick={() => void end(client.revokeOtherSessions)}
              >
                {texts.revokeOthers}
              </button>
            )}
          </>
        )}
      </Loaded>
    </Card>
  );
}

interface SessionRowProps {
  session: SessionFieldsFragment;
  onName(): void;
  onEnd(): void;
}

function SessionRow({ session, onName, onEnd }: SessionRowProps) {
  const { devices, sessions: texts } = useSecurityTexts();
  const { moment } = useFormats();
  const device = session.deviceName ?? deviceOf(session.userAgent, devices);
  return (
    <li className="row">
      <span className="row-text">
        <strong>{device}</strong>
        <span className="hint">
          {texts.lastSeen(moment(session.lastSeenAt))}
          {session.ipAddress && ` · ${session.ipAddress}`}
        </span>
      </span>
      <span className="row-actions">
        {session.current && <span className="badge good">{texts.thisDevice}</span>}
        <button type="button" className="button small" aria-label={texts.nameLabel(device)} onClick={onName}>
          {texts.name}
        </button>
        {!session.current && (
          <button type="button" className="button small" aria-label={texts.revokeLabel(device)} onClick={onEnd}>
            {texts.revoke}
          </button>
        )}
      </span>
    </li>
  );
}
