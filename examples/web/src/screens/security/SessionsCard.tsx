import { useRef, useState } from "react";
import type { SessionFieldsFragment } from "timbrado-accounts-client";
import { useAccount, useClient } from "timbrado-accounts-client/react";

import { Field } from "../../forms/Field";
import { Form, type Outcome } from "../../forms/Form";
import { Card } from "../../layout/Card";
import { Loaded } from "../../layout/Loaded";
import { useNotices } from "../../layout/notices";
import { useFormats, useTexts } from "../../texts";
import { useSecurityTexts } from "../../texts/security";
import { useQuery } from "../../useQuery";
import { useSend } from "../../useSend";
import { deviceOf } from "./device";

export function SessionsCard() {
  const client = useClient();
  const [send, busy] = useSend();
  const texts = useSecurityTexts().sessions;
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
                    <NameForm session={session} onClose={close} />
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

function NameForm({ session, onClose }: { session: SessionFieldsFragment; onClose(): void }) {
  const client = useClient();
  const { cancel } = useTexts();
  const { show } = useNotices();
  const { devices, sessions: texts } = useSecurityTexts();
  return (
    <Form
      name={`sesion-${session.id}`}
      submit={texts.saveName}
      send={({ deviceName }) => client.renameSession({ id: session.id, deviceName: deviceName || null })}
      onResult={(result) => {
        if (result.__typename !== "RenameSessionSuccess") return false;
        show("done", result.message);
        onClose();
        return true;
      }}
      aside={
        <button type="button" className="button" onClick={onClose}>
          {cancel}
        </button>
      }
    >
      <Field
        name="deviceName"
        label={texts.deviceName(deviceOf(session.userAgent, devices))}
        hint={texts.deviceNameHint}
        optional
        autoComplete="off"
        autoFocus
        defaultValue={session.deviceName ?? ""}
      />
    </Form>
  );
}
