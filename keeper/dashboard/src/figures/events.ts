// Events in words: one reader for those of the keeper, which carry the record's bytes, and for those of the chain.

import type { Change } from '@blockable/client';
import { grouped, percent, usdOwed, usdReceived } from '../text/money.js';
import { nameOfStatus, reasonText, shortAddress } from '../text/names.js';

type Fact = readonly [string, string];

/** Kinds of change in people's words. */
export const KIND_TEXT: Record<string, string> = {
  Offered: 'Offered',
  Accepted: 'Accepted',
  Issued: 'Units issued',
  Cancelled: 'Offer cancelled',
  Paid: 'Payment',
  MarkedDelinquent: 'Marked delinquent',
  MarkedDefaulted: 'Marked in default',
  Frozen: 'Frozen',
  Thawed: 'Thawed',
  Metered: 'Use metered',
  Seized: 'Seized for sale',
  Sold: 'Sold',
  Granted: 'Units received',
  LotClosed: 'Lot closed',
  Collected: 'Collected',
  Restructured: 'Restructured',
  FeeWaived: 'Late fees waived',
  LenderOffered: 'Loan offered for sale',
  LenderChanged: 'Loan sold',
  BorrowerOffered: 'Borrower’s place offered',
  BorrowerChanged: 'Borrower’s key replaced',
  FreezeAuthoritySet: 'Freeze authority named',
  NoticeGiven: 'Notice of default',
  NoticeWithdrawn: 'Notice withdrawn',
  TakenOver: 'Taken over',
  LockedCancelled: 'Locked units cancelled',
  WrittenOff: 'Written off',
  Expired: 'Units expired',
  CovenantApplied: 'Covenant applied',
  ReserveFunded: 'Reserve funded',
  VaultClosed: 'Vault closed',
  Closed: 'Closed',
};

const usd = (label: string, amount: bigint): Fact[] => (amount > 0n ? [[label, usdReceived(amount)]] : []);
const count = (label: string, amount: bigint): Fact[] => (amount > 0n ? [[label, grouped(amount)]] : []);
const owed = (amount: bigint): Fact => ['debt after it', usdOwed(amount)];
const PARTIES = ['lender', 'borrower', 'treasury', 'provider'] as const;

/** The facts of a change, as label and text. */
export function factsOf(change: Change): readonly Fact[] {
  switch (change.__kind) {
    case 'Offered':
      return [
        ...usd('principal', change.terms.principal),
        ...count('units', change.terms.units),
        ['APR', percent(change.terms.aprBps)],
      ];
    case 'Issued':
      return usd('held back', change.heldBack);
    case 'Cancelled':
      return usd('refunded', change.refunded);
    case 'Paid':
      return [
        ...usd('principal', change.principal),
        ...usd('interest', change.interest),
        ...usd('late fees', change.lateFees),
        ...usd('to the reserve', change.reserve),
        ...count('units unlocked', change.unlocked),
        ...count('units thawed', change.thawed),
        ...usd('provider earned', change.earned),
        owed(change.debt),
        ['status', nameOfStatus(change.status)],
      ];
    case 'MarkedDelinquent':
      return [['arrears', usdOwed(change.arrears)]];
    case 'MarkedDefaulted':
      return [
        ['arrears', usdOwed(change.arrears)],
        ['debt', usdOwed(change.debt)],
      ];
    case 'Frozen':
      return [
        ['units', grouped(change.units)],
        ['for', reasonText(change.reason)],
        ['by', shortAddress(change.by)],
      ];
    case 'Thawed':
      return [
        ['units', grouped(change.units)],
        ['by', shortAddress(change.by)],
      ];
    case 'Metered':
      return [
        ['used in all', grouped(change.cumulative)],
        ...count('counted', change.metered.consumed),
        ...count('running', change.inFlight),
        ...count('beyond the limit, the provider’s loss', change.metered.overrun),
      ];
    case 'Seized':
      return [
        ['units', grouped(change.units)],
        ['lot', shortAddress(change.lot)],
      ];
    case 'Sold':
      return [
        ['units', grouped(change.units)],
        ...usd('paid', change.cost),
        ...usd('recovered', change.recovered),
        ...usd('to the borrower', change.surplus),
        owed(change.debt),
      ];
    case 'Granted':
      return [
        ['units', grouped(change.units)],
        ['from', shortAddress(change.from)],
      ];
    case 'LotClosed':
      return [['units returned', grouped(change.returned)]];
    case 'Collected':
      return [
        ['amount', usdReceived(change.amount)],
        ['by the', PARTIES[change.party] ?? 'unknown'],
      ];
    case 'Restructured':
      return [
        ['APR', percent(change.terms.aprBps)],
        ['instalments', change.schedule.length.toString()],
      ];
    case 'FeeWaived':
      return [['amount', usdReceived(change.amount)], owed(change.debt)];
    case 'LenderOffered':
    case 'LenderChanged':
    case 'BorrowerOffered':
    case 'BorrowerChanged':
    case 'FreezeAuthoritySet':
      return [['to', shortAddress(change.to)]];
    case 'NoticeGiven':
      return [['debt', usdOwed(change.debt)]];
    case 'TakenOver':
      return [['units', grouped(change.units)], ...usd('debt paid', change.value), owed(change.debt)];
    case 'LockedCancelled':
      return [['units', grouped(change.units)], ['cash', usdReceived(change.paid)], owed(change.debt)];
    case 'WrittenOff':
      return [['given up', usdOwed(change.debt)]];
    case 'Expired':
      return [['units', grouped(change.units)], ...usd('given back', change.paid)];
    case 'CovenantApplied':
      return [
        ['use of the plan', percent(change.utilisationBps)],
        ['APR', percent(change.aprBps)],
        ...usd('due early', change.topUp),
      ];
    case 'ReserveFunded':
      return [
        ['amount', usdReceived(change.amount)],
        ['held', usdReceived(change.held)],
        ...count('units thawed', change.thawed),
      ];
    case 'Closed':
      return count('units given up', change.givenUp);
    case 'VaultClosed':
    case 'Accepted':
    case 'NoticeWithdrawn':
      return [];
  }
}
