// A chart over time. uPlot draws on a canvas; the label says the same to screen readers. Views load it when they need it.

import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useTheme } from '../app/theme.js';
import { timeText } from '../text/time.js';

/** A line: its name, the style's variable of its colour, and whether it is dashed. */
export type Line = { label: string; colour: string; isDashed?: boolean };

type Props = {
  /** Unix seconds, then the values of each line. */
  data: uPlot.AlignedData;
  lines: readonly Line[];
  /** Writes a value, at the axis and at the cursor. */
  write: (value: number) => string;
  /** What the chart shows, in a sentence. */
  label: string;
};

const HEIGHT = 220;

/** Draws lines over time, anew when data or colours change. `lines` and `write` are constants of the caller. */
export function Chart({ data, lines, write, label }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [theme] = useTheme();
  useEffect(() => {
    const parent = box.current;
    if (!parent) return undefined;
    const chart = new uPlot(optionsOf(parent.clientWidth, lines, write), data, parent);
    const resize = new ResizeObserver(() => chart.setSize({ width: parent.clientWidth, height: HEIGHT }));
    resize.observe(parent);
    return () => {
      resize.disconnect();
      chart.destroy();
    };
  }, [data, lines, write, theme]);
  return <div ref={box} className="chart" role="img" aria-label={label} />;
}

function optionsOf(width: number, lines: readonly Line[], write: (value: number) => string): uPlot.Options {
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const stroke = colour('--line');
  const axis = {
    stroke: colour('--ink-3'),
    grid: { stroke, width: 1 },
    ticks: { stroke, width: 1 },
    font: '12px system-ui',
  };
  const text = (value: number | null | undefined) => (value === null || value === undefined ? '' : write(value));
  return {
    width,
    height: HEIGHT,
    cursor: { drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, most * 1.08 || 1] } },
    axes: [axis, { ...axis, size: 64, values: (_, values) => values.map(text) }],
    series: [
      { value: (_, at) => (at === null || at === undefined ? '' : `${timeText(at).local} (${timeText(at).utc})`) },
      ...lines.map(({ label, colour: name, isDashed = false }) => ({
        label,
        stroke: colour(name),
        width: isDashed ? 1.5 : 2,
        ...(isDashed ? { dash: [5, 5] } : {}),
        value: (_: uPlot, value: number | null) => text(value),
      })),
    ],
  };
}
