// The health of a credit that is read from the chain alone: the rules and thresholds of the keeper, which
// docs/operator-reference.md has in a table. Only the projection of use is missing, because nobody has watched it.

import type { Colour, Health } from '../data/types.js';
import { grouped, percent, usdOwed } from '../text/money.js';
import type { StatusName } from '../text/names.js';
import { timeText } from '../text/time.js';

/** Coverage below which a credit is red, in basis points. */
export const RED_COVERAGE_BPS = 7_000n;
/** Coverage below which a credit is amber, in basis points. */
export const AMBER_COVERAGE_BPS = 8_000n;

/** The facts that health rests on. */
export type HealthFacts = {
  status: StatusName;
  isLoan: boolean;
  debt: bigint;
  arrears: bigint;
  arrearsSince: bigint | undefined;
  lien: bigint;
  lienValue: bigint;
  frozen: bigint;
  cureEndsAt: bigint | undefined;
};

const SECURED: readonly StatusName[] = ['active', 'delinquent', 'defaulted', 'seizing'];

/** The health of a credit: the first colour that has a reason. */
export function healthOf(facts: HealthFacts): Health {
  for (const [colour, reasons] of [
    ['red', red(facts)],
    ['amber', amber(facts)],
  ] as const) {
    if (reasons.length > 0) return { colour, reason: reasons.join('; ') };
  }
  return { colour: 'green', reason: green(facts) };
}

/** The word for a colour. */
export const COLOUR_WORD: Record<Colour, string> = { green: 'sound', amber: 'watch', red: 'act' };

/** Value of the lien against the debt, in basis points; undefined without a debt. */
export function coverageBps(lienValue: bigint, debt: bigint): bigint | undefined {
  return debt === 0n ? undefined : (lienValue * 10_000n) / debt;
}

function red(facts: HealthFacts): string[] {
  const reasons: string[] = [];
  if (facts.status === 'delinquent') reasons.push(`delinquent: ${arrearsText(facts)}`);
  if (facts.status === 'defaulted') {
    const cure = facts.cureEndsAt === undefined ? '' : `; the cure period ends on ${utc(facts.cureEndsAt)}`;
    reasons.push(`in default: ${arrearsText(facts)}${cure}`);
  }
  if (facts.status === 'seizing') reasons.push(`collateral was seized: ${usdOwed(facts.debt)} are still owed`);
  if (!isSecured(facts) || facts.debt === 0n) return reasons;
  const coverage = coverageBps(facts.lienValue, facts.debt);
  if (facts.lien === 0n) reasons.push(`no unit secures the ${usdOwed(facts.debt)} owed`);
  else if (coverage !== undefined && coverage < RED_COVERAGE_BPS) reasons.push(covered(coverage));
  return reasons;
}

function amber(facts: HealthFacts): string[] {
  if (facts.status === 'unknown') return ['its status is of a later version of the program; use a newer page'];
  if (!isSecured(facts)) return [];
  const reasons: string[] = [];
  if (facts.arrears > 0n) reasons.push(`a payment was missed: ${arrearsText(facts)}`);
  if (facts.frozen > 0n)
    reasons.push(`${grouped(facts.frozen)} units frozen of a lien of ${grouped(facts.lien)} units`);
  const coverage = coverageBps(facts.lienValue, facts.debt);
  if (coverage !== undefined && coverage < AMBER_COVERAGE_BPS) reasons.push(covered(coverage));
  return reasons;
}

function green(facts: HealthFacts): string {
  if (!facts.isLoan) return 'units without a loan';
  if (facts.status === 'offered') return 'offered; waits for the borrower to accept';
  if (facts.status === 'accepted') return 'accepted; waits for the provider to issue the units';
  if (facts.status === 'repaid' || facts.status === 'closed') return facts.status;
  return 'as agreed: nothing is unpaid';
}

function isSecured(facts: HealthFacts): boolean {
  return facts.isLoan && SECURED.includes(facts.status);
}

function arrearsText(facts: HealthFacts): string {
  const since = facts.arrearsSince === undefined ? '' : ` since ${utc(facts.arrearsSince)}`;
  return `${usdOwed(facts.arrears)} in arrears${since}`;
}

const covered = (coverage: bigint) => `the collateral is worth ${percent(coverage)} of the debt`;
const utc = (unix: bigint) => `${timeText(unix, { zone: 'UTC' }).local} UTC`;
