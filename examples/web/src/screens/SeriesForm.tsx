import { useEffect, useRef } from "react";
import { useClient } from "timbrado-accounts-client/react";

import type { Values } from "../forms/drafts";
import { Field } from "../forms/Field";
import { Form, InvalidForm } from "../forms/Form";
import { useNotices } from "../layout/notices";
import type { Texts } from "../texts/es";
import { useTexts } from "../texts";
import type { Series } from "./SeriesCard";

interface SeriesFormProps {
  /** Undefined for a new one. */
  series?: Series;
  onSaved(series: Series): void;
  onCancel?: (() => void) | undefined;
}

export function SeriesForm({ series, onSaved, onCancel }: SeriesFormProps) {
  const client = useClient();
  const texts = useTexts();
  const { show } = useNotices();
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (onCancel) title.current?.focus();
  }, []);

  const name = series && (series.name || texts.series.unnamed);
  return (
    <div className="inset">
      <h3 ref={title} tabIndex={-1}>
        {name === undefined ? texts.series.createTitle : texts.series.editTitle(name)}
      </h3>
      <Form
        name={`serie-${series?.id ?? "nueva"}`}
        submit={series ? texts.series.save : texts.series.create}
        send={async (values) => {
          const input = inputOf(values, texts);
          return series ? await client.updateSeries({ id: series.id, ...input }) : await client.createSeries(input);
        }}
        onResult={(result) => {
          if (!("series" in result)) return false;
          show("done", result.message);
          onSaved(result.series);
          return true;
        }}
        aside={
          onCancel && (
            <button type="button" className="button" onClick={onCancel}>
              {texts.cancel}
            </button>
          )
        }
      >
        <div className="columns">
          <Field
            name="name"
            label={texts.series.name}
            hint={texts.series.nameHint}
            optional
            autoComplete="off"
            defaultValue={series?.name ?? ""}
          />
          <Field
            name="firstFolio"
            label={texts.series.first}
            inputMode="numeric"
            className="number"
            autoComplete="off"
            defaultValue={series?.firstFolio ?? "1"}
          />
          <Field
            name="lastFolio"
            label={texts.series.last}
            hint={texts.series.lastHint}
            optional
            inputMode="numeric"
            className="number"
            autoComplete="off"
            defaultValue={series?.lastFolio ?? ""}
          />
        </div>
        <details className="old-folios" open={Boolean(series?.approvalNumber)}>
          <summary>{texts.series.old}</summary>
          <div className="columns">
            <Field
              name="approvalNumber"
              label={texts.series.approvalNumber}
              optional
              inputMode="numeric"
              className="number"
              autoComplete="off"
              defaultValue={series?.approvalNumber ?? ""}
            />
            <Field
              name="approvalYear"
              label={texts.series.approvalYear}
              optional
              inputMode="numeric"
              className="number"
              autoComplete="off"
              defaultValue={series?.approvalYear ?? ""}
            />
          </div>
        </details>
      </Form>
    </div>
  );
}

function inputOf({ name, firstFolio, lastFolio, approvalNumber, approvalYear }: Values, texts: Texts) {
  const year = approvalYear?.trim();
  if (year && !/^\d{1,4}$/.test(year)) throw new InvalidForm({ approvalYear: texts.series.yearFormat });
  return {
    name: name ?? "",
    firstFolio: firstFolio ?? "",
    lastFolio: lastFolio || null,
    approvalNumber: approvalNumber || null,
    approvalYear: year ? Number(year) : null,
  };
}
