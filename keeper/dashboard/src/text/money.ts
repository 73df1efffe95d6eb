// Amounts as text. What is owed is rounded up to a cent and what is received is rounded down, as everywhere in this project.

const CENT = 10_000n;
const MICRO = 1_000_000n;

/** Writes an integer in groups of three digits. */
export function grouped(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString();
  const groups = digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return value < 0n ? `-${groups}` : groups;
}

function dollars(cents: bigint): string {
  return `$${grouped(cents / 100n)}.${(cents % 100n).toString().padStart(2, '0')}`;
}

/** Writes micro-USDC that somebody owes: rounded up to a cent. */
export function usdOwed(micro: bigint): string {
  return dollars((micro + CENT - 1n) / CENT);
}

/** Writes micro-USDC that somebody has or gets: rounded down to a cent. */
export function usdReceived(micro: bigint): string {
  return dollars(micro / CENT);
}

/** Writes micro-USDC without rounding, with two to six places. */
export function usdExact(micro: bigint): string {
  const places = (micro % MICRO)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  return `$${grouped(micro / MICRO)}.${places}`;
}

/** Writes units in full. */
export function units(count: bigint): string {
  return grouped(count);
}

/** Writes a large count in short, with three digits that count: `2.40 bn`. */
export function unitsShort(count: bigint): string {
  const steps: readonly [bigint, string][] = [
    [1_000_000_000_000n, 'tn'],
    [1_000_000_000n, 'bn'],
    [1_000_000n, 'm'],
    [1_000n, 'k'],
  ];
  const step = steps.find(([size]) => count >= size);
  if (!step) return grouped(count);
  const value = Number((count * 1_000n) / step[0]) / 1_000;
  const places = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(places)} ${step[1]}`;
}

/** Writes basis points as a percentage, with one place where that is not zero: `93.8 %`. */
export function percent(bps: bigint | number): string {
  const value = Number(bps) / 100;
  return `${Number.isInteger(value) ? value.toString() : value.toFixed(value < 10 && value * 10 !== Math.round(value * 10) ? 2 : 1)} %`;
}

/** The share of a part in a whole, in basis points rounded down; undefined without a whole. */
export function shareBps(part: bigint, whole: bigint): bigint | undefined {
  return whole === 0n ? undefined : (part * 10_000n) / whole;
}

/** Reads an amount in dollars as micro-USDC. Undefined for anything that is not one with at most six places. */
export function parseUsd(text: string): bigint | undefined {
  const found = /^\$?\s*(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,6}))?$/.exec(text.trim());
  if (!found) return undefined;
  const whole = BigInt((found[1] ?? '').replaceAll(',', ''));
  return within(whole * MICRO + BigInt((found[2] ?? '').padEnd(6, '0')));
}

/** Reads a whole count, with or without groups. Undefined for anything else. */
export function parseUnits(text: string): bigint | undefined {
  const plain = text.trim().replaceAll(',', '');
  return /^\d+$/.test(plain) ? within(BigInt(plain)) : undefined;
}

/** Reads a percentage with at most two places as basis points. Undefined for anything else. */
export function parsePercent(text: string): number | undefined {
  const found = /^(\d{1,5})(?:\.(\d{1,2}))?\s*%?$/.exec(text.trim());
  if (!found) return undefined;
  return Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0'));
}

function within(value: bigint): bigint | undefined {
  return value <= 0xffff_ffff_ffff_ffffn ? value : undefined;
}
