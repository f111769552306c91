import { useRef, useState } from "react";
import type { AccountsClient, SecurityEventsQuery } from "timbrado-accounts-client";
import { useAccount, useClient } from "timbrado-accounts-client/react";

import { Card } from "../../layout/Card";
import { Loaded } from "../../layout/Loaded";
import { useNotices } from "../../layout/notices";
import { problemOf } from "../../problems";
import { useFormats, useTexts } from "../../texts";
import { useSecurityTexts } from "../../texts/security";
import { useQuery } from "../../useQuery";
import { useSend } from "../../useSend";
import { deviceOf } from "./device";

type Connection = Extract<
  NonNullable<SecurityEventsQuery["me"]>["securityEvents"],
  { __typename: "SecurityEventConnection" }
>;
type Edges = Connection["edges"];

interface Page {
  edges: Edges;
  /** The cursor of the next page, if there is one. */
  next: string | null;
}

const SIZE = 10;

/** What happened to the account, the newest first, so that its owner sees what was not their own doing. */
export function EventsCard() {
  const client = useClient();
  const texts = useTexts();
  const { events: words } = useSecurityTexts();
  const { show } = useNotices();
  const query = useQuery((options) => readPage(client, null, options));
  const [busy, setBusy] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);

  const more = async ({ edges, next }: Page) => {
    if (busy) return;
    setBusy(true);
    try {
      const page = await readPage(client, next);
      query.set({ ...page, edges: [...edges, ...page.edges] });
    } catch (error) {
      show("warning", problemOf(error, texts));
    }
    setBusy(false);
  };
  return (
    <Card title={words.title} intro={words.intro} heading={heading}>
      <Loaded query={query}>
        {(page) => (
          <>
            <ul className="rows">
              {page.edges.map(({ node }) => (
                <EventRow key={node.id} event={node} onEnded={() => heading.current?.focus()} />
              ))}
            </ul>
            <p className="form-actions">
              {page.next && (
                <button type="button" className="button" aria-disabled={busy} onClick={() => void more(page)}>
                  {busy && <span className="spinner" aria-hidden="true" />}
                  {words.more}
                </button>
              )}
              <button type="button" className="link" onClick={query.reload}>
                {words.refresh}
              </button>
            </p>
          </>
        )}
      </Loaded>
    </Card>
  );
}

async function readPage(
  client: AccountsClient,
  after: string | null,
  options?: { signal: AbortSignal },
): Promise<Page> {
  const events = (await client.securityEvents({ first: SIZE, after }, options))?.securityEvents;
  if (events?.__typename !== "SecurityEventConnection") return { edges: [], next: null }; // the session has ended
  const { edges, pageInfo } = events;
  return { edges, next: pageInfo.hasNextPage ? pageInfo.endCursor : null };
}

function EventRow({ event, onEnded }: { event: Edges[number]["node"]; onEnded(): void }) {
  const client = useClient();
  const [send, busy] = useSend();
  const { sessions = [] } = useAccount();
  const { moment } = useFormats();
  const { devices, events: words, sessions: sessionWords } = useSecurityTexts();
  const { actor, at, fromThisAddress, message, sessionId, userAgent } = event;
  const open = sessions.some(({ id, current }) => id === sessionId && !current);
  const end = async (id: string) => {
    const result = await send(() => client.revokeSession({ id }));
    if (result?.__typename === "RevokeSessionSuccess") onEnded();
  };
  const details = [
    moment(at),
    userAgent && deviceOf(userAgent, devices),
    fromThisAddress !== null && (fromThisAddress ? words.sameAddress : words.otherAddress),
  ];
  return (
    <li className="row">
      <span className="row-text">
        <span>{message}</span>
        <span className="hint">{details.filter(Boolean).join(" · ")}</span>
      </span>
      <span className="row-actions">
        {words.actors[actor] && <span className="badge">{words.actors[actor]}</span>}
        {open && (
          <button
            type="button"
            className="button small"
            aria-disabled={busy}
            aria-label={words.endLabel(moment(at))}
            onClick={() => void end(sessionId!)}
          >
            {sessionWords.revoke}
          </button>
        )}
      </span>
    </li>
  );
}
