// All units of a loan in one bar.

import type { Credit } from '@blockable/client';
import { unitParts } from '../../figures/units.js';
import { percent, shareBps, units, unitsShort } from '../../text/money.js';

/** Shows where all granted units are. */
export function UnitBar({ credit }: { credit: Credit }) {
  const { granted } = credit.collateral;
  const parts = unitParts(credit);
  const shown = parts.filter((part) => part.units > 0n);
  const label = shown.map((part) => `${part.label.toLowerCase()} ${unitsShort(part.units)}`).join(', ');
  if (granted === 0n)
    return <p className="muted">Units are granted when the provider issues them: {units(credit.terms.units)}.</p>;
  return (
    <>
      <div className="unit-bar" role="img" aria-label={`${units(granted)} units: ${label}`}>
        {shown.map((part) => (
          <span
            key={part.key}
            className={`u-${part.key}`}
            style={{ flexGrow: Number((part.units * 10_000n) / granted) }}
            title={`${part.label}: ${units(part.units)}`}
          />
        ))}
      </div>
      <dl className="legend-list">
        {parts
          .filter((part) => part.units > 0n || part.key !== 'gone')
          .map((part) => (
            <div key={part.key}>
              <dt title={part.meaning}>
                <span className={`swatch u-${part.key}`} aria-hidden="true" /> {part.label}
              </dt>
              <dd>
                {units(part.units)} <span className="muted small">{percent(shareBps(part.units, granted) ?? 0n)}</span>
              </dd>
            </div>
          ))}
      </dl>
    </>
  );
}
