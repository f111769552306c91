const PATHS = {
  check: "M5 12.5l4.5 4.5L19 7.5",
  warning: "M12 9v4.5m0 3v.01M12 3.5L2.8 19.5h18.4z",
  refresh: "M19 8a8 8 0 1 0 1 6M20 3v5.5h-5.5",
  speaker: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  copy: "M9 9h10.5v11.5H9zM15 9V4.5H4.5V16H9",
} as const;

/** A sign beside a text that says the same. */
export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
