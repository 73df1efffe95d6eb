// Use over time with its projected end. uPlot draws on a canvas; the table below says the same to screen readers.

import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Sample } from '../../data/types.js';
import { useTheme } from '../../app/theme.js';
import { unitsShort } from '../../text/money.js';
import { timeText } from '../../text/time.js';

type Props = { samples: readonly Sample[]; granted: number; open: number; usedUpAt: number | undefined };

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const short = (value: number | null | undefined) =>
  value === null || value === undefined ? '' : unitsShort(BigInt(Math.max(0, Math.round(value))));

/** Draws units used and open over time, and the use that goes on at the present rate. */
export function UsageChart({ samples, granted, open, usedUpAt }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [theme] = useTheme();
  const last = samples.at(-1);
  useEffect(() => {
    const parent = box.current;
    if (!parent || !last) return undefined;
    const chart = new uPlot(optionsOf(parent.clientWidth), dataOf(samples, last, open, usedUpAt), parent);
    const resize = new ResizeObserver(() => chart.setSize({ width: parent.clientWidth, height: HEIGHT }));
    resize.observe(parent);
    return () => {
      resize.disconnect();
      chart.destroy();
    };
  }, [samples, last, open, usedUpAt, theme]);
  if (!last) return null;
  const text = `${short(last.consumed)} of ${short(granted)} units used, ${short(last.available)} available`;
  return (
    <div
      ref={box}
      className="chart"
      role="img"
      aria-label={`Use over time: ${text}${usedUpAt === undefined ? '' : `; used up on ${timeText(usedUpAt).local} at this rate`}`}
    />
  );
}

const HEIGHT = 220;

/** Samples, and two points of the projection: the last sample, and the moment at which what is open is used up. */
function dataOf(
  samples: readonly Sample[],
  last: Sample,
  open: number,
  usedUpAt: number | undefined,
): uPlot.AlignedData {
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

function optionsOf(width: number): uPlot.Options {
  const [ink, line] = [colour('--ink-3'), colour('--line')];
  const axis = {
    stroke: ink,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
    font: '12px system-ui',
  };
  return {
    width,
    height: HEIGHT,
    cursor: { drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, most * 1.08 || 1] } },
    axes: [axis, { ...axis, size: 64, values: (_, values) => values.map(short) }],
    series: [
      { value: (_, at) => (at === null || at === undefined ? '' : `${timeText(at).local} (${timeText(at).utc})`) },
      { label: 'Used', stroke: colour('--ink-2'), width: 2, value: (_, value) => short(value) },
      { label: 'Available', stroke: colour('--u-open'), width: 2, value: (_, value) => short(value) },
      {
        label: 'Use at this rate',
        stroke: colour('--ink-2'),
        width: 1.5,
        dash: [5, 5],
        value: (_, value) => short(value),
      },
    ],
  };
}
