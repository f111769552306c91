import { useEffect, useRef, useState } from "react";
import type { SeriesFieldsFragment } from "timbrado-accounts-client";
import { useClient } from "timbrado-accounts-client/react";

import { Question } from "../layout/Question";
import { useFormats, useTexts } from "../texts";
import { useSend } from "../useSend";
import { SeriesForm } from "./SeriesForm";

export type Series = SeriesFieldsFragment;

interface SeriesCardProps {
  company: { series: readonly Series[] } | null;
  onChange(series: Series[]): void;
}

export function SeriesCard({ company, onChange }: SeriesCardProps) {
  const client = useClient();
  const texts = useTexts();
  const [send] = useSend();
  const [editing, setEditing] = useState<Series | "new" | null>(null);
  const [removing, setRemoving] = useState<Series | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const all = company?.series ?? [];
  const adding = editing === "new" || (company !== null && all.length === 0);

  const asked = useRef(false);
  useEffect(() => {
    // A closed dialog returns the focus to its button, unless that went with its series.
    if (asked.current && !removing && document.activeElement === document.body) heading.current?.focus();
    asked.current = removing !== null;
  }, [removing]);

  const close = () => {
    setEditing(null);
    heading.current?.focus();
  };
  const remove = async ({ id }: Series) => {
    const result = await send(() => client.deleteSeries({ id }));
    if (result?.__typename === "DeleteSeriesSuccess") onChange(all.filter((series) => series.id !== id));
  };

  return (
    <section className="card" aria-labelledby="series-title">
      <h2 id="series-title" tabIndex={-1} ref={heading}>
        {texts.series.title}
      </h2>
      <p className="hint">{texts.series.intro}</p>
      {company === null && <p className="empty">{texts.series.afterCompany}</p>}
      {company !== null && all.length === 0 && <p className="empty">{texts.series.empty}</p>}
      <ul className="rows">
        {all.map((series) =>
          editing !== "new" && editing?.id === series.id ? (
            <li key={series.id} className="row-form">
              <SeriesForm
                series={series}
                onSaved={(saved) => {
                  onChange(all.map((each) => (each.id === saved.id ? saved : each)));
                  close();
                }}
                onCancel={close}
              />
            </li>
          ) : (
            <SeriesRow
              key={series.id}
              series={series}
              onEdit={() => setEditing(series)}
              onRemove={() => setRemoving(series)}
            />
          ),
        )}
      </ul>
      {adding ? (
        <SeriesForm
          onSaved={(saved) => {
            onChange([...all.filter(({ id }) => id !== saved.id), saved]);
            close();
          }}
          onCancel={all.length > 0 ? close : undefined}
        />
      ) : (
        company && (
          <button type="button" className="button" onClick={() => setEditing("new")}>
            {texts.series.add}
          </button>
        )
      )}
      {removing && (
        <Question
          question={texts.series.removeQuestion(removing.name || texts.series.unnamed)}
          intro={texts.series.removeIntro}
          confirm={texts.series.remove}
          onConfirm={() => remove(removing)}
          onClose={() => setRemoving(null)}
        />
      )}
    </section>
  );
}

function SeriesRow({ series, onEdit, onRemove }: { series: Series; onEdit(): void; onRemove(): void }) {
  const texts = useTexts().series;
  const { count } = useFormats();
  const name = series.name || texts.unnamed;
  const range = `${count(series.firstFolio)} – ${series.lastFolio ? count(series.lastFolio) : texts.endless}`;
  return (
    <li className="row">
      <span className="series-name">{series.name || "—"}</span>
      <span className="row-text">
        <span className="number">{range}</span>
        <span className="hint">
          {series.nextFolio ? texts.next(count(series.nextFolio)) : texts.usedUp}
          {series.remaining && ` · ${texts.remaining(count(series.remaining))}`}
          {series.skippedFolios.length > 0 && ` · ${texts.skipped(series.skippedFolios.map(count).join(", "))}`}
        </span>
      </span>
      <span className="row-actions">
        <button type="button" className="button small" aria-label={texts.editLabel(name)} onClick={onEdit}>
          {texts.edit}
        </button>
        <button type="button" className="button small" aria-label={texts.removeLabel(name)} onClick={onRemove}>
          {texts.remove}
        </button>
      </span>
    </li>
  );
}
