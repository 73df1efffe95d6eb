// The rate of use from samples, and the day on which it ends. For a chart: floats are enough.

import type { Sample } from '../data/types.js';

/** Use per day over the samples' span; undefined for fewer than two samples or none used. */
export function unitsPerDay(samples: readonly Sample[]): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at <= first.at) return undefined;
  const rate = ((last.consumed - first.consumed) * 86_400) / (last.at - first.at);
  return rate > 0 ? rate : undefined;
}

/** The Unix time at which `open` units are used up at a rate per day; undefined for a rate of 0. */
export function usedUpAt(open: number, perDay: number | undefined, now: number): number | undefined {
  if (perDay === undefined || perDay <= 0) return undefined;
  return now + (open / perDay) * 86_400;
}
