import { useMemo } from 'react';
import type { AlignedData } from 'uplot';
import type { Totals } from '../../data/types.js';
import { usdOwed } from '../../text/money.js';
import { Chart, type Line } from '../../ui/Chart.js';

const LINES: readonly Line[] = [
  { label: 'Owed', colour: '--ink-2' },
  { label: 'Of that covered by the lien', colour: '--u-open' },
  { label: 'In arrears', colour: '--bad', isDashed: true },
];

const write = (value: number) => usdOwed(BigInt(Math.max(0, Math.round(value))));

/** Draws what is owed, what of it the liens cover at the price paid, and what is in arrears. */
export function TotalsChart({ totals }: { totals: readonly Totals[] }) {
  const data = useMemo((): AlignedData => {
    const values = (name: keyof Totals) => totals.map((sums) => sums[name]);
    return [values('at'), values('debt'), values('covered'), values('arrears')];
  }, [totals]);
  const last = totals.at(-1);
  if (!last) return null;
  const text = `${write(last.debt)} owed, ${write(last.covered)} of it covered, ${write(last.arrears)} in arrears`;
  return <Chart data={data} lines={LINES} write={write} label={`The portfolio over time: ${text}`} />;
}
