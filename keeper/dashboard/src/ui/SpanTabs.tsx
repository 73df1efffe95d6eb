import type { Resolution } from '../data/types.js';

const SPANS: readonly (readonly [Resolution, string])[] = [
  [300, 'hours'],
  [3600, 'weeks'],
  [86400, 'all'],
];

/** Chooses the span of a chart by the resolution of what was recorded. */
export function SpanTabs({ value, onChange }: { value: Resolution; onChange: (value: Resolution) => void }) {
  return (
    <div className="tabs" role="group" aria-label="Span">
      {SPANS.map(([span, label]) => (
        <button key={span} type="button" aria-pressed={span === value} onClick={() => onChange(span)}>
          {label}
        </button>
      ))}
    </div>
  );
}
