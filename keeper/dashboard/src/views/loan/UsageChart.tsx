// Use over time with its projected end.

import { useMemo } from 'react';
import type { AlignedData } from 'uplot';
import type { Sample } from '../../data/types.js';
import { unitsShort } from '../../text/money.js';
import { timeText } from '../../text/time.js';
import { Chart, type Line } from '../../ui/Chart.js';

type Props = { samples: readonly Sample[]; granted: number; open: number; usedUpAt: number | undefined };

const LINES: readonly Line[] = [
  { label: 'Used', colour: '--ink-2' },
  { label: 'Available', colour: '--u-open' },
  { label: 'Use at this rate', colour: '--ink-2', isDashed: true },
];

const short = (value: number) => unitsShort(BigInt(Math.max(0, Math.round(value))));

/** Draws units used and open over time, and the use that goes on at the present rate. */
export function UsageChart({ samples, granted, open, usedUpAt }: Props) {
  const last = samples.at(-1);
  const data = useMemo(() => last && dataOf(samples, last, open, usedUpAt), [samples, last, open, usedUpAt]);
  if (!last || !data) return null;
  const text = `${short(last.consumed)} of ${short(granted)} units used, ${short(last.available)} available`;
  const end = usedUpAt === undefined ? '' : `; used up on ${timeText(usedUpAt).local} at this rate`;
  return <Chart data={data} lines={LINES} write={short} label={`Use over time: ${text}${end}`} />;
}

/** Samples, and two points of the projection: the last sample, and the moment at which what is open is used up. */
function dataOf(samples: readonly Sample[], last: Sample, open: number, usedUpAt: number | undefined): AlignedData {
  const span = last.at - (samples[0]?.at ?? last.at);
  // A projection far beyond what was seen would squeeze the record into a corner.
  const end = usedUpAt === undefined ? undefined : Math.min(usedUpAt, last.at + Math.max(span, 3_600));
  const share = end === undefined || usedUpAt === undefined ? 0 : (end - last.at) / Math.max(1, usedUpAt - last.at);
  const times = [...samples.map(({ at }) => at), ...(end === undefined ? [] : [end])];
  const rest = end === undefined ? [] : [null];
  const projected = samples.map((sample) => (sample === last ? sample.consumed : null));
  return [
    times,
    [...samples.map(({ consumed }) => consumed), ...rest],
    [...samples.map(({ available }) => available), ...rest],
    [...projected, ...(end === undefined ? [] : [last.consumed + open * share])],
  ];
}
