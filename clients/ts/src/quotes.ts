// Searches among payments: the least one that opens units or cures, and the next that falls due.

import { arrears, creditAt, scheduleOf } from './credit.js';
import type { Credit } from './generated/accounts/credit.js';
import { Status } from './generated/types/status.js';
import { type PaymentQuote, quotePayment } from './payment.js';
import { dueDate } from './schedule.js';
import { U64_MAX, saturatingAdd } from './units.js';

/** Units that a payment opens to new jobs: those unlocked and those thawed. */
export function openedBy(quote: PaymentQuote): bigint {
  return saturatingAdd(quote.unlocked, quote.thawed);
}

/** Returns true where a payment ends a delinquency or a default. */
export function cures(quote: PaymentQuote): boolean {
  const wasLate = quote.statusBefore === Status.Delinquent || quote.statusBefore === Status.Defaulted;
  return wasLate && (quote.statusAfter === Status.Active || quote.statusAfter === Status.Repaid);
}

/** Finds the least payment that opens at least `units` at a market time; undefined where even the whole debt opens fewer. */
export function leastPaymentToOpen(credit: Credit, units: bigint, time: bigint): PaymentQuote | undefined {
  return leastPayment(credit, time, (quote) => openedBy(quote) >= units);
}

/** Finds the least payment that ends a delinquency or a default; undefined for a loan that is in neither. */
export function leastPaymentToCure(credit: Credit, time: bigint): PaymentQuote | undefined {
  return leastPayment(credit, time, cures);
}

/** Finds by halving the least payment for which `isEnough` holds, which must hold for each larger one as well. */
function leastPayment(
  credit: Credit,
  time: bigint,
  isEnough: (quote: PaymentQuote) => boolean,
): PaymentQuote | undefined {
  let found = quotePayment(credit, U64_MAX, time);
  if (!isEnough(found)) return undefined;
  let tooLittle = 0n;
  while (found.paid - tooLittle > 1n) {
    const quote = quotePayment(credit, tooLittle + (found.paid - tooLittle) / 2n, time);
    if (isEnough(quote)) found = quote;
    else tooLittle = quote.paid;
  }
  return found;
}

/** The payment that falls due next. */
export type NextInstalment = {
  /** Its due date, in market time. */
  dueAt: bigint;
  /** Its payment on that date. It pays all that is due by then, also what is in arrears now. */
  quote: PaymentQuote;
};

/** Finds the next date after a market time at which something falls due, and quotes it; undefined where nothing more does. */
export function nextInstalment(credit: Credit, time: bigint): NextInstalment | undefined {
  let then = creditAt(credit, time);
  for (;;) {
    const next = then.debt.instalmentsBilled;
    const dueAt = dueDate(scheduleOf(then), next);
    if (dueAt === undefined) return undefined;
    then = creditAt(then, dueAt);
    const due = arrears(then);
    if (due > 0n) return { dueAt, quote: quotePayment(then, due, dueAt) };
    if (then.debt.instalmentsBilled <= next) return undefined;
  }
}
