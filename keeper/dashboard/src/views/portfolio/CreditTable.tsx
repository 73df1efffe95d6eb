// All credits in a table that renders the lines in sight alone: ten thousand of them scroll as ten do.

import { useVirtualizer } from '@tanstack/react-virtual';
import { useDeferredValue, useMemo, useRef, useState } from 'react';
import type { Colour, CreditRow } from '../../data/types.js';
import { coverageBps } from '../../figures/health.js';
import type { UnitPrices } from '../../figures/portfolio.js';
import { valueAtSetPrice } from '../../figures/portfolio.js';
import { type Filter, type Sort, type SortKey, csvOf, filtered, sorted } from '../../figures/table.js';
import { percent, unitsShort, usdOwed } from '../../text/money.js';
import { STATUS_NAMES, shortAddress } from '../../text/names.js';
import { dateText } from '../../text/time.js';
import { save } from '../../ui/save.js';
import { Icon } from '../../ui/Icon.js';
import { Panel } from '../../ui/Panel.js';
import { HealthBadge } from '../../ui/Text.js';

const LINE = 40;

const COLUMNS: readonly { key: SortKey | undefined; label: string; right?: boolean; least?: boolean }[] = [
  { key: undefined, label: 'Loan' },
  { key: 'health', label: 'Health' },
  { key: 'status', label: 'Status' },
  { key: 'debt', label: 'Owed', right: true },
  { key: 'arrears', label: 'In arrears', right: true },
  { key: 'due', label: 'Next due', right: true },
  { key: 'coverage', label: 'Coverage', right: true },
  { key: 'available', label: 'Open units', right: true },
  { key: 'apr', label: 'APR', right: true },
  { key: 'matures', label: 'Matures', right: true },
];

/** Shows lines with search, filters, order and CSV. */
export function CreditTable({
  rows,
  isComplete,
  prices,
}: {
  rows: readonly CreditRow[];
  isComplete: boolean;
  prices: UnitPrices;
}) {
  const [filter, setFilter] = useState<Filter>({ search: '', colour: 'all', status: 'all' });
  const [sort, setSort] = useState<Sort>({ key: 'health', descending: false });
  const search = useDeferredValue(filter);
  const shown = useMemo(() => sorted(filtered(rows, search), sort), [rows, search, sort]);
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE,
    overscan: 12,
  });
  const lines = virtual.getVirtualItems();
  const before = lines[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (lines.at(-1)?.end ?? 0);
  const order = (key: SortKey) =>
    setSort((now) => ({
      key,
      descending: now.key === key ? !now.descending : key !== 'health' && key !== 'due' && key !== 'status',
    }));
  return (
    <Panel
      title="Loans"
      flush
      end={
        <>
          <span className="small muted num" role="status">
            {shown.length === rows.length
              ? rows.length.toLocaleString('en')
              : `${shown.length.toLocaleString('en')} of ${rows.length.toLocaleString('en')}`}
            {isComplete ? '' : ', reading on…'}
          </span>
          <button
            type="button"
            className="button compact"
            disabled={shown.length === 0}
            onClick={() => save('loans.csv', 'text/csv', csvOf(shown))}
          >
            <Icon name="download" /> CSV
          </button>
        </>
      }
    >
      <div className="toolbar">
        <div className="field grow">
          <label htmlFor="search">Search by address</label>
          <input
            id="search"
            type="search"
            className="input"
            value={filter.search}
            placeholder="Loan, borrower or provider"
            onChange={(event) => setFilter({ ...filter, search: event.target.value })}
          />
        </div>
        <div className="field">
          <label htmlFor="colour">Health</label>
          <select
            id="colour"
            className="input"
            value={filter.colour}
            onChange={(event) => setFilter({ ...filter, colour: event.target.value as Colour | 'all' })}
          >
            <option value="all">all</option>
            <option value="red">act</option>
            <option value="amber">watch</option>
            <option value="green">sound</option>
          </select>
        </div>
        <div className="field">
          <label htmlFor="status">Status</label>
          <select
            id="status"
            className="input"
            value={filter.status}
            onChange={(event) => setFilter({ ...filter, status: event.target.value })}
          >
            <option value="all">all</option>
            {STATUS_NAMES.map((status) => (
              <option key={status}>{status}</option>
            ))}
          </select>
        </div>
      </div>
      <div className="credit-table" ref={box} tabIndex={0} role="region" aria-label="Table of loans">
        <table className="table" aria-rowcount={shown.length + 1}>
          <thead>
            <tr aria-rowindex={1}>
              {COLUMNS.map(({ key, label, right }) => (
                <th
                  key={label}
                  scope="col"
                  className={right ? 'right' : undefined}
                  aria-sort={key === sort.key ? (sort.descending ? 'descending' : 'ascending') : undefined}
                >
                  {key === undefined ? (
                    label
                  ) : (
                    <button type="button" onClick={() => order(key)}>
                      {label}
                      {key === sort.key && <span aria-hidden="true">{sort.descending ? ' ↓' : ' ↑'}</span>}
                    </button>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {before > 0 && <tr aria-hidden="true" style={{ height: before }} />}
            {lines.map(({ index }) => {
              const row = shown[index];
              return row && <Line key={row.credit} row={row} place={index} prices={prices} />;
            })}
            {after > 0 && <tr aria-hidden="true" style={{ height: after }} />}
          </tbody>
        </table>
        {shown.length === 0 && <p className="loading">No loan matches.</p>}
      </div>
    </Panel>
  );
}

function Line({ row, place, prices }: { row: CreditRow; place: number; prices: UnitPrices }) {
  const coverage = coverageBps(row.lienValue, row.debt);
  const set = valueAtSetPrice(row, prices);
  const coverageSet = set === undefined ? undefined : coverageBps(set, row.debt);
  return (
    <tr aria-rowindex={place + 2}>
      <td>
        <a href={`#/loan/${row.credit}`} className="mono" title={row.credit}>
          {shortAddress(row.credit)}
        </a>
        <span className="muted only-wide" title={row.borrower}>
          {' '}
          to {shortAddress(row.borrower)}
        </span>
      </td>
      <td>
        <HealthBadge health={row.health} />
      </td>
      <td>{row.isLoan ? row.status : 'units alone'}</td>
      <td className="right">{row.isLoan ? usdOwed(row.debt) : '—'}</td>
      <td className="right">{row.arrears > 0n ? usdOwed(row.arrears) : '—'}</td>
      <td className="right">{row.nextPayment ? dateText(row.nextPayment.dueAt) : '—'}</td>
      <td className="right">
        {coverage === undefined ? '—' : percent(coverage)}
        {coverageSet !== undefined && (
          <span className="muted" title="at your price">
            {' '}
            / {percent(coverageSet)}
          </span>
        )}
      </td>
      <td className="right">{unitsShort(row.available)}</td>
      <td className="right">{row.aprBps === undefined ? '—' : percent(row.aprBps)}</td>
      <td className="right">{row.maturesAt === undefined ? '—' : dateText(row.maturesAt)}</td>
    </tr>
  );
}
