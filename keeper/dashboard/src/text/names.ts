// Names of the program's values in the words of docs/glossary.md.

import { type Credit, FreezePolicy, FreezeReason, AutoFreeze, Status } from '@blockable/client';

/** The status of a credit, as the keeper's API writes it. */
export type StatusName =
  | 'offered'
  | 'accepted'
  | 'active'
  | 'delinquent'
  | 'defaulted'
  | 'seizing'
  | 'repaid'
  | 'closed'
  | 'unknown';

/** All statuses of a loan in the order of its life. */
export const STATUS_NAMES: readonly StatusName[] = [
  'offered',
  'accepted',
  'active',
  'delinquent',
  'defaulted',
  'seizing',
  'repaid',
  'closed',
];

/** The name of a credit's status; `unknown` for a byte of a later version. */
export function statusName(credit: Pick<Credit, 'status'>): StatusName {
  return STATUS_NAMES[credit.status] ?? 'unknown';
}

/** What a status means, in a sentence. */
export const STATUS_MEANING: Record<StatusName, string> = {
  offered: 'The principal is in escrow; the borrower may accept.',
  accepted: 'The borrower has accepted; the provider has still to issue the units.',
  active: 'Units are live and the loan is repaid by instalments.',
  delinquent: 'An instalment is unpaid past the delinquency grace.',
  defaulted: 'In default. Paying the arrears cures it until the first seizure.',
  seizing: 'The lender has taken collateral. Payments lower the debt and release nothing until it is zero.',
  repaid: 'Nothing is owed. What is left of the units is the borrower’s.',
  closed: 'The accounts are removed.',
  unknown: 'A status of a later version of the program.',
};

/** The status name of a `Status`. */
export const nameOfStatus = (status: Status): StatusName => STATUS_NAMES[status] ?? 'unknown';

/** A freeze policy in words. */
export function policyText(policy: number): string {
  if (policy === FreezePolicy.AtWill) return 'at will';
  if (policy === FreezePolicy.OnDelinquency) return 'from delinquency';
  if (policy === FreezePolicy.OnDefault) return 'from default';
  return 'of a later version';
}

/** The mark from which anybody may freeze, in words. */
export function autoFreezeText(value: number): string {
  if (value === AutoFreeze.Never) return 'never';
  if (value === AutoFreeze.FromDelinquency) return 'from delinquency';
  if (value === AutoFreeze.FromDefault) return 'from default';
  return 'of a later version';
}

/** A freeze reason in words. */
export function reasonText(reason: number): string {
  if (reason === FreezeReason.MissedPayment) return 'a missed payment';
  if (reason === FreezeReason.Default) return 'a default';
  if (reason === FreezeReason.Breach) return 'a breach';
  if (reason === FreezeReason.Risk) return 'a risk';
  if (reason === FreezeReason.CrossDefault) return 'another loan in default';
  return 'a reason of a later version';
}

/** An address in short; the whole one stands in the title and in the copy. */
export function shortAddress(address: string): string {
  return address.length <= 11 ? address : `${address.slice(0, 4)}…${address.slice(-4)}`;
}
