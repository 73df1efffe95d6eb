// Search, filters, order and CSV of the portfolio's table. Pure.

import type { Colour, CreditRow } from '../data/types.js';
import { compare } from './portfolio.js';
import { coverageBps } from './health.js';

/** Columns that the table can be ordered by. */
export type SortKey = 'health' | 'status' | 'debt' | 'arrears' | 'due' | 'coverage' | 'apr' | 'matures' | 'available';

/** An order of the table. */
export type Sort = { key: SortKey; descending: boolean };

/** What the table shows. */
export type Filter = { search: string; colour: Colour | 'all'; status: string };

const COLOURS: Record<Colour, number> = { red: 0, amber: 1, green: 2 };
const LAST = 1n << 80n;

function keyOf(row: CreditRow, key: SortKey): bigint | number | string {
  switch (key) {
    case 'health':
      return COLOURS[row.health.colour];
    case 'status':
      return row.status;
    case 'debt':
      return row.debt;
    case 'arrears':
      return row.arrears;
    case 'due':
      return row.nextPayment?.dueAt ?? LAST;
    case 'coverage':
      return coverageBps(row.lienValue, row.debt) ?? LAST;
    case 'apr':
      return row.aprBps ?? -1;
    case 'matures':
      return row.maturesAt ?? LAST;
    case 'available':
      return row.available;
  }
}

/** The lines that a filter leaves. The search is in the addresses of the credit, its parties and its provider. */
export function filtered(rows: readonly CreditRow[], filter: Filter): readonly CreditRow[] {
  const wanted = filter.search.trim().toLowerCase();
  return rows.filter((row) => {
    if (filter.colour !== 'all' && row.health.colour !== filter.colour) return false;
    if (filter.status !== 'all' && row.status !== filter.status) return false;
    if (wanted === '') return true;
    return [row.credit, row.lender, row.borrower, row.provider].some((key) => key.toLowerCase().includes(wanted));
  });
}

/** The lines in an order; equal ones by larger debt, then by address. */
export function sorted(rows: readonly CreditRow[], sort: Sort): readonly CreditRow[] {
  const keyed = rows.map((row) => ({ row, key: keyOf(row, sort.key) }));
  const direction = sort.descending ? -1 : 1;
  keyed.sort(
    (a, b) =>
      direction * compare(a.key as bigint, b.key as bigint) ||
      compare(b.row.debt, a.row.debt) ||
      compare(a.row.credit, b.row.credit),
  );
  return keyed.map(({ row }) => row);
}

const COLUMNS: readonly (readonly [string, (row: CreditRow) => string | bigint | number | undefined])[] = [
  ['credit', (row) => row.credit],
  ['status', (row) => row.status],
  ['health', (row) => row.health.colour],
  ['reason', (row) => row.health.reason],
  ['lender', (row) => row.lender],
  ['borrower', (row) => row.borrower],
  ['provider', (row) => row.provider],
  ['principal_micro_usdc', (row) => row.principal],
  ['debt_micro_usdc', (row) => row.debt],
  ['arrears_micro_usdc', (row) => row.arrears],
  ['next_due_utc', (row) => row.nextPayment && iso(row.nextPayment.dueAt)],
  ['next_due_micro_usdc', (row) => row.nextPayment?.amount],
  ['apr_bps', (row) => row.aprBps],
  ['matures_utc', (row) => (row.maturesAt === undefined ? undefined : iso(row.maturesAt))],
  ['units_under_lien', (row) => row.lien],
  ['units_available', (row) => row.available],
  ['units_locked', (row) => row.locked],
  ['units_frozen', (row) => row.frozen],
  ['lien_value_micro_usdc', (row) => row.lienValue],
  ['held_back_micro_usdc', (row) => row.heldBack],
];

/** The lines as CSV (RFC 4180). A text that a spreadsheet would take for a formula is quoted as text. */
export function csvOf(rows: readonly CreditRow[]): string {
  const lines = rows.map((row) => COLUMNS.map(([, value]) => cell(value(row))).join(','));
  return [COLUMNS.map(([name]) => name).join(','), ...lines, ''].join('\r\n');
}

function cell(value: string | bigint | number | undefined): string {
  const text = value === undefined ? '' : value.toString();
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function iso(unix: bigint): string {
  return new Date(Number(unix) * 1_000).toISOString();
}
