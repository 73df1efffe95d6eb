// Sums over the lines of a portfolio. Pure.

import type { Colour, CreditRow } from '../data/types.js';
import type { Address } from '@solana/kit';

/** A price of units, in micro-USDC per million units, by provider. */
export type UnitPrices = ReadonlyMap<Address, bigint>;

/** Units that a price is of. */
const PRICE_UNITS = 1_000_000n;

/** Value of the units under lien of a loan at a price that somebody sets; undefined where none is set. Rounded down. */
export function valueAtSetPrice(row: CreditRow, prices: UnitPrices): bigint | undefined {
  const price = prices.get(row.provider);
  return price === undefined ? undefined : (row.lien * price) / PRICE_UNITS;
}

/** The figures at the top of a portfolio. */
export type PortfolioSums = {
  loans: number;
  byColour: Record<Colour, number>;
  principal: bigint;
  debt: bigint;
  arrears: bigint;
  heldBack: bigint;
  /** Value of the units under lien at the price that each loan paid. */
  lienValue: bigint;
  /** The same at the set prices; undefined where a loan with collateral has none. */
  lienValueSet: bigint | undefined;
  /** Value of each lien up to its own debt, against all debts, in basis points: one loan's collateral does not secure another. */
  coverage: bigint | undefined;
  /** The same at the set prices. */
  coverageSet: bigint | undefined;
  /** APR weighted by principal, in basis points, over the loans whose rate is known. */
  apr: number | undefined;
};

/** Sums up loans. */
export function sumUp(rows: readonly CreditRow[], prices: UnitPrices): PortfolioSums {
  const loans = rows.filter((row) => row.isLoan);
  const sum = (of: (row: CreditRow) => bigint) => loans.reduce((total, row) => total + of(row), 0n);
  const debt = sum((row) => row.debt);
  const secured = loans.filter((row) => row.lien > 0n);
  const known = secured.every((row) => prices.has(row.provider));
  const set = (row: CreditRow) => valueAtSetPrice(row, prices) ?? 0n;
  const upTo = (of: (row: CreditRow) => bigint) => sum((row) => smaller(of(row), row.debt));
  const share = (covered: bigint) => (debt === 0n ? undefined : (covered * 10_000n) / debt);
  const byColour: Record<Colour, number> = { green: 0, amber: 0, red: 0 };
  for (const row of loans) byColour[row.health.colour] += 1;
  return {
    loans: loans.length,
    byColour,
    principal: sum((row) => row.principal),
    debt,
    arrears: sum((row) => row.arrears),
    heldBack: sum((row) => row.heldBack),
    lienValue: sum((row) => row.lienValue),
    lienValueSet: known ? sum(set) : undefined,
    coverage: share(upTo((row) => row.lienValue)),
    coverageSet: known ? share(upTo(set)) : undefined,
    apr: weightedApr(loans),
  };
}

function weightedApr(loans: readonly CreditRow[]): number | undefined {
  const known = loans.filter((row) => row.aprBps !== undefined && row.principal > 0n);
  const weight = known.reduce((total, row) => total + row.principal, 0n);
  if (weight === 0n) return undefined;
  const weighted = known.reduce((total, row) => total + row.principal * BigInt(row.aprBps ?? 0), 0n);
  return Number(weighted / weight);
}

/** A part of the debt by one property. */
export type Exposure<K> = { key: K; debt: bigint; loans: number; share: bigint };

/** Debt by a property of the loans, the largest first. */
export function exposureBy<K>(rows: readonly CreditRow[], keyOf: (row: CreditRow) => K): readonly Exposure<K>[] {
  const owing = rows.filter((row) => row.isLoan && row.debt > 0n);
  const total = owing.reduce((sum, row) => sum + row.debt, 0n);
  const found = new Map<K, { debt: bigint; loans: number }>();
  for (const row of owing) {
    const part = found.get(keyOf(row)) ?? { debt: 0n, loans: 0 };
    found.set(keyOf(row), { debt: part.debt + row.debt, loans: part.loans + 1 });
  }
  const parts = [...found].map(([key, part]) => ({ key, ...part, share: (part.debt * 10_000n) / total }));
  return parts.sort((a, b) => compare(b.debt, a.debt));
}

/** Spans until the last instalment, by which maturities are grouped. */
export const MATURITIES = [
  'past',
  'within 30 days',
  '1 to 3 months',
  '3 to 6 months',
  '6 to 12 months',
  'over a year',
  'not issued',
] as const;

/** The span that a maturity falls into. */
export type Maturity = (typeof MATURITIES)[number];

const DAY = 86_400n;

/** The span until a maturity at a time of the chain. */
export function maturityBand(maturesAt: bigint | undefined, now: bigint): Maturity {
  if (maturesAt === undefined) return 'not issued';
  const days = (maturesAt - now) / DAY;
  if (maturesAt < now) return 'past';
  if (days < 30n) return 'within 30 days';
  if (days < 91n) return '1 to 3 months';
  if (days < 182n) return '3 to 6 months';
  return days < 365n ? '6 to 12 months' : 'over a year';
}

/** The payments that fall due soonest. */
export function nextPayments(rows: readonly CreditRow[], most: number): readonly CreditRow[] {
  const due = rows.filter((row) => row.isLoan && row.nextPayment !== undefined);
  return due.sort((a, b) => compare(a.nextPayment?.dueAt ?? 0n, b.nextPayment?.dueAt ?? 0n)).slice(0, most);
}

/** Orders two bigints, or two numbers. */
export function compare<T extends bigint | number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const smaller = (a: bigint, b: bigint) => (a < b ? a : b);
