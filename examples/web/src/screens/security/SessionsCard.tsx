import { useRef } from "react";
import type { SessionFieldsFragment } from "timbrado-accounts-client";
import { useClient } from "timbrado-accounts-client/react";

import { Card } from "../../layout/Card";
import { Loaded } from "../../layout/Loaded";
import { useNotices } from "../../layout/notices";
import { problemOf } from "../../problems";
import { useFormats, useTexts } from "../../texts";
import { useSecurityTexts } from "../../texts/security";
import type { SecurityTexts } from "../../texts/security.es";
import { useQuery } from "../../useQuery";

type Result = { __typename: string; message: string; account?: { sessions: SessionFieldsFragment[] } };

export function SessionsCard() {
  const client = useClient();
  const texts = useTexts();
  const words = useSecurityTexts().sessions;
  const { moment } = useFormats();
  const { show } = useNotices();
  const query = useQuery(async (options) => (await client.me(options))?.sessions ?? []);
  const heading = useRef<HTMLHeadingElement>(null);

  const end = async (mutation: Promise<Result>) => {
    try {
      const result = await mutation;
      if (result.account) query.set(result.account.sessions);
      else query.reload();
      show(result.account ? "done" : "warning", result.message);
      heading.current?.focus();
    } catch (error) {
      show("warning", problemOf(error, texts));
    }
  };
  return (
    <Card title={words.title} intro={words.intro} heading={heading}>
      <Loaded query={query}>
        {(sessions) => (
          <>
            <ul className="rows">
              {sessions.map((session) => {
                const device = session.deviceName ?? deviceOf(session.userAgent, words);
                return (
                  <li key={session.id} className="row">
                    <span className="row-text">
                      <strong>{device}</strong>
                      <span className="hint">
                        {words.lastSeen(moment(session.lastSeenAt))}
                        {session.ipAddress && ` · ${session.ipAddress}`}
                      </span>
                    </span>
                    <span className="row-actions">
                      {session.current ? (
                        <span className="badge good">{words.thisDevice}</span>
                      ) : (
                        <button
                          type="button"
                          className="button small"
                          aria-label={words.revokeLabel(device)}
                          onClick={() => void end(client.revokeSession({ id: session.id }))}
                        >
                          {words.revoke}
                        </button>
                      )}
                    </span>
                  </li>
                );
              })}
            </ul>
            {sessions.length > 1 && (
              <button type="button" className="button" onClick={() => void end(client.revokeOtherSessions())}>
                {words.revokeOthers}
              </button>
            )}
          </>
        )}
      </Loaded>
    </Card>
  );
}

const BROWSERS = [
  ["Edg", "Edge"],
  ["OPR", "Opera"],
  ["Firefox", "Firefox"],
  ["Chrome", "Chrome"],
  ["Safari", "Safari"],
] as const;
const SYSTEMS = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["Windows", "Windows"],
  ["Mac OS", "Mac"],
  ["Linux", "Linux"],
] as const;

/** Names a device by its User-Agent, so that its owner recognizes it. */
function deviceOf(userAgent: string | null, texts: SecurityTexts["sessions"]): string {
  const find = (all: readonly (readonly [string, string])[]) => all.find(([part]) => userAgent?.includes(part))?.[1];
  const [browser, system] = [find(BROWSERS), find(SYSTEMS)];
  if (browser && system) return texts.on(browser, system);
  return browser ?? system ?? userAgent?.slice(0, 40) ?? texts.unknownDevice;
}
