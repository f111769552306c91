import { useRef, useState } from "react";
import { addPasskey, supportsPasskeys, type PasskeyFieldsFragment } from "timbrado-accounts-client";
import { useAccount, useClient } from "timbrado-accounts-client/react";

import { useRecentProof } from "../../forms/RecentProof";
import { Card } from "../../layout/Card";
import { Loaded } from "../../layout/Loaded";
import { Question } from "../../layout/Question";
import { useFormats } from "../../texts";
import { usePasskeyTexts } from "../../texts/passkeys";
import { useQuery } from "../../useQuery";
import { useSend } from "../../useSend";
import { NameForm } from "./NameForm";
import { RecoveryCodes } from "./RecoveryCodes";

type Passkeys = readonly PasskeyFieldsFragment[];

/** The passkeys of the account, which sign in without the password and may be asked for beside it. */
export function PasskeysCard() {
  const client = useClient();
  const { secondFactor } = useAccount();
  const prove = useRecentProof();
  const [send, busy] = useSend();
  const texts = usePasskeyTexts();
  const heading = useRef<HTMLHeadingElement>(null);
  const query = useQuery<Passkeys>(async (options) => (await client.passkeys(options))?.passkeys ?? []);
  const [naming, setNaming] = useState<string | null>(null);
  const [removing, setRemoving] = useState<PasskeyFieldsFragment | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);

  const add = async () => {
    const begin = async () => (await addPasskey(client)) ?? { __typename: "Canceled" as const, message: texts.none };
    const result = await send(() =>
      prove(begin).catch((error: unknown) => {
        if (!(error instanceof DOMException && error.name === "InvalidStateError")) throw error;
        return { __typename: "Exists" as const, message: texts.exists };
      }),
    );
    if (result?.__typename !== "AddPasskeySuccess" || !("passkey" in result)) return;
    query.reload();
    setNaming(result.passkey.id);
  };
  const remove = async ({ id }: PasskeyFieldsFragment) => {
    await send(() => prove(() => client.removePasskey({ id })));
    query.reload();
    heading.current?.focus();
  };
  const require = async () => {
    const result = await send(() => prove(client.requirePasskey), { quiet: true });
    if (result?.__typename === "RequirePasskeySuccess" && "recoveryCodes" in result) setCodes(result.recoveryCodes);
  };
  const close = () => {
    setNaming(null);
    heading.current?.focus();
  };

  return (
    <Card title={texts.title} intro={texts.intro} heading={heading}>
      <Loaded query={query}>
        {(passkeys) => (
          <>
            <ul className="rows">
              {passkeys.map((passkey) =>
                passkey.id === naming ? (
                  <li key={passkey.id} className="row-form">
                    <NameForm
                      draft={`llave-${passkey.id}`}
                      field="nickname"
                      name={passkey.nickname}
                      label={texts.nickname}
                      hint={texts.nicknameHint}
                      submit={texts.saveName}
                      rename={(nickname) => client.renamePasskey({ id: passkey.id, nickname })}
                      onRenamed={() => {
                        query.reload();
                        close();
                      }}
                      onCancel={close}
                    />
                  </li>
                ) : (
                  <PasskeyRow
                    key={passkey.id}
                    passkey={passkey}
                    onName={() => setNaming(passkey.id)}
                    onRemove={() => setRemoving(passkey)}
                  />
                ),
              )}
            </ul>
            {supportsPasskeys() ? (
              <button type="button" className="button" aria-disabled={busy} onClick={() => void add()}>
                {busy && <span className="spinner" aria-hidden="true" />}
                {texts.add}
              </button>
            ) : (
              <p className="hint">{texts.unsupported}</p>
            )}
            {codes ? (
              <RecoveryCodes
                codes={codes}
                onKept={() => {
                  setCodes(null);
                  heading.current?.focus();
                }}
              />
            ) : (
              passkeys.length > 0 &&
              !secondFactor && (
                <p className="form-actions">
                  <button type="button" className="button" aria-disabled={busy} onClick={() => void require()}>
                    {texts.require}
                  </button>
                  <span className="hint">{texts.requireIntro}</span>
                </p>
              )
            )}
          </>
        )}
      </Loaded>
      {removing && (
        <Question
          question={texts.removeQuestion}
          intro={texts.removeIntro}
          confirm={texts.removeSubmit}
          onConfirm={async () => {
            setRemoving(null); // so that the dialog for the proof is the only one
            void remove(removing);
          }}
          onClose={() => setRemoving(null)}
        />
      )}
    </Card>
  );
}

interface PasskeyRowProps {
  passkey: PasskeyFieldsFragment;
  onName(): void;
  onRemove(): void;
}

function PasskeyRow({ passkey, onName, onRemove }: PasskeyRowProps) {
  const texts = usePasskeyTexts();
  const { date, moment } = useFormats();
  const name = passkey.nickname ?? texts.unnamed;
  return (
    <li className="row">
      <span className="row-text">
        <strong>{name}</strong>
        <span className="hint">
          {passkey.lastUsedAt ? texts.used(moment(passkey.lastUsedAt)) : texts.added(date(passkey.createdAt))}
          {` · ${passkey.synced ? texts.synced : texts.onDevice}`}
        </span>
      </span>
      <span className="row-actions">
        <button type="button" className="button small" aria-label={texts.nameLabel(name)} onClick={onName}>
          {texts.name}
        </button>
        <button type="button" className="button small" aria-label={texts.removeLabel(name)} onClick={onRemove}>
          {texts.remove}
        </button>
      </span>
    </li>
  );
}
