// Exposure by provider, borrower and maturity.

import type { CreditRow } from '../../data/types.js';
import { type Exposure, exposureBy, MATURITIES, maturityBand } from '../../figures/portfolio.js';
import { percent, usdOwed } from '../../text/money.js';
import { shortAddress } from '../../text/names.js';
import { Panel } from '../../ui/Panel.js';

const MOST = 8;

/** Shows how the debt is spread. */
export function Exposures({ rows, now }: { rows: readonly CreditRow[]; now: bigint }) {
  const byMaturity = exposureBy(rows, (row) => maturityBand(row.maturesAt, now));
  const ordered = MATURITIES.flatMap((band) => byMaturity.filter(({ key }) => key === band));
  return (
    <Panel title="Exposure">
      <div className="form-grid">
        <Shares title="By provider" parts={exposureBy(rows, (row) => row.provider)} name={shortAddress} />
        <Shares title="By borrower" parts={exposureBy(rows, (row) => row.borrower)} name={shortAddress} />
        <Shares title="By maturity" parts={ordered} name={(band) => band} />
      </div>
    </Panel>
  );
}

function Shares<K extends string>({
  title,
  parts,
  name,
}: {
  title: string;
  parts: readonly Exposure<K>[];
  name: (key: K) => string;
}) {
  const shown = parts.slice(0, MOST);
  const rest = parts.slice(MOST).reduce((sum, part) => sum + part.debt, 0n);
  return (
    <div>
      <h3>{title}</h3>
      {parts.length === 0 && <p className="small muted">Nothing is owed.</p>}
      <ul className="share-list num">
        {shown.map((part) => (
          <li key={part.key}>
            <span title={part.key}>
              {name(part.key)} <span className="muted">· {part.loans}</span>
            </span>
            <span>
              {usdOwed(part.debt)} <span className="muted">{percent(part.share)}</span>
            </span>
            <span className="track" aria-hidden="true">
              <span style={{ width: `${Number(part.share) / 100}%` }} />
            </span>
          </li>
        ))}
        {rest > 0n && (
          <li>
            <span className="muted">{parts.length - MOST} more</span>
            <span>{usdOwed(rest)}</span>
          </li>
        )}
      </ul>
    </div>
  );
}
