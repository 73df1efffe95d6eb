// The effect of a payment, computed as `credit_repay` applies it, so that a payer sees it before signing.

import { availableUnits, fitFrozen, frozenUnits, leftToUnlock, lockedUnits, releaseTo } from './collateral.js';
import { arrears, creditAt, holdbackOf, isSecured, mayFreeze, scheduleOf, statusOf, termsInForce } from './credit.js';
import type { Credit } from './generated/accounts/credit.js';
import type { Collateral } from './generated/types/collateral.js';
import { Status } from './generated/types/status.js';
import { keptHoldback } from './holdback.js';
import { ensure } from './refusal.js';
import { totalDebt } from './schedule.js';
import { add, min, mulDivFloor, saturatingSub, sub } from './units.js';
import { type Applied, payDebt, recoverDebt } from './waterfall.js';

/** The effect of a payment at one market time. A payment of more than the debt pays the debt. */
export type PaymentQuote = {
  /** Micro-USDC that are paid, at most the whole debt. */
  paid: bigint;
  /** Part of it that refills the reserve. */
  toReserve: bigint;
  /** Part of it that pays late fees. */
  lateFees: bigint;
  /** Part of it that pays interest. */
  interest: bigint;
  /** Part of it that pays principal. */
  principal: bigint;
  /** Units that it releases from the lien. */
  released: bigint;
  /** Units that it unlocks. */
  unlocked: bigint;
  /** Units that it thaws. */
  thawed: bigint;
  /** Money under the holdback that the provider earns by it. */
  providerEarns: bigint;
  /** Arrears before it. */
  arrearsBefore: bigint;
  /** Arrears that are left. */
  arrearsLeft: bigint;
  /** Debt that is left. */
  debtLeft: bigint;
  /** Status before it. */
  statusBefore: Status;
  /** Status after it. */
  statusAfter: Status;
  /** Units that new jobs may use afterwards, by what is on the chain. */
  availableAfter: bigint;
  /** The credit after it. */
  credit: Credit;
};

/**
 * Quotes a payment of up to `amount` micro-USDC at a market time. Interest grows until it lands: quote for a minute or two ahead.
 * Throws `RefusedError`.
 */
export function quotePayment(stored: Credit, amount: bigint, time: bigint): PaymentQuote {
  const statusBefore = statusOf(stored);
  ensure(amount > 0n, 'AmountZero');
  ensure(isSecured(statusBefore), 'NothingOwed');
  const before = creditAt(stored, time);
  const paid = min(amount, totalDebt(before.debt));
  const toReserve = refillOf(before, paid);
  const { credit, applied } = applyPayment(refillReserve(before, toReserve), sub(paid, toReserve));
  return {
    paid,
    toReserve,
    lateFees: applied.lateFees,
    interest: applied.interest,
    principal: applied.principal,
    released: sub(credit.collateral.released, before.collateral.released),
    unlocked: saturatingSub(lockedUnits(before.collateral), lockedUnits(credit.collateral)),
    thawed: sub(frozenUnits(before.collateral), frozenUnits(credit.collateral)),
    providerEarns: sub(credit.claims.provider, before.claims.provider),
    arrearsBefore: arrears(before),
    arrearsLeft: arrears(credit),
    debtLeft: totalDebt(credit.debt),
    statusBefore,
    statusAfter: statusOf(credit),
    availableAfter: availableUnits(credit.collateral),
    credit,
  };
}

/** The part of a payment above the arrears that refills the reserve. Paying the whole debt ends the need for one. */
function refillOf(credit: Credit, paid: bigint): bigint {
  const missing = saturatingSub(credit.rider.reserve, credit.reserveHeld);
  const isSeizing = credit.status === Status.Seizing;
  if (missing === 0n || isSeizing || paid >= totalDebt(credit.debt)) return 0n;
  return min(saturatingSub(paid, arrears(credit)), missing);
}

function refillReserve(credit: Credit, refill: bigint): Credit {
  const reserveHeld = add(credit.reserveHeld, refill);
  if (refill === 0n) return credit;
  if (reserveHeld >= credit.rider.reserve) return { ...credit, reserveHeld, reserveDrawnAt: 0n };
  const reserveDrawnAt = credit.reserveDrawnAt === 0n ? credit.debt.accruedAt : credit.reserveDrawnAt;
  return { ...credit, reserveHeld, reserveDrawnAt };
}

function applyPayment(credit: Credit, paid: bigint): { credit: Credit; applied: Applied } {
  const claims = { ...credit.claims, lender: add(credit.claims.lender, paid) };
  const pay = credit.status === Status.Seizing ? recoverDebt : payDebt;
  const applied = pay(credit.debt, termsInForce(credit), scheduleOf(credit), paid);
  const paidIn: Credit = { ...credit, claims, debt: applied.debt };
  if (credit.status === Status.Seizing) {
    const recovered = add(credit.recovered, paid);
    return { credit: advance({ ...paidIn, recovered }, applied), applied };
  }
  const principalRepaid = add(credit.principalRepaid, applied.principal);
  const thawed = { ...paidIn, principalRepaid, collateral: thawFor(credit, applied) };
  return { credit: advance(earnHoldback(releaseRepaid(thawed)), applied), applied };
}

/** Lowers the amount frozen for payment in proportion to the arrears paid, but not while a notice is in force. */
function thawFor(credit: Credit, applied: Applied): Collateral {
  const units = credit.collateral;
  if (applied.arrearsBefore === 0n || credit.noticeGiven === 1) return units;
  const cleared = sub(applied.arrearsBefore, applied.arrearsAfter);
  const thawed = mulDivFloor(units.frozenForPayment, cleared, applied.arrearsBefore);
  return { ...units, frozenForPayment: sub(units.frozenForPayment, thawed) };
}

function releaseRepaid(credit: Credit): Credit {
  if (credit.debt.principal === 0n) return credit;
  const principal = add(credit.principalRepaid, credit.debt.principal);
  const units = sub(credit.collateral.granted, credit.collateral.cancelled);
  const released = mulDivFloor(units, credit.principalRepaid, principal);
  return { ...credit, collateral: releaseTo(credit.collateral, released) };
}

function earnHoldback(credit: Credit): Credit {
  if (credit.holdbackLeft === 0n) return credit;
  const kept = keptHoldback(holdbackOf(credit), leftToUnlock(credit.collateral));
  return payProvider(credit, sub(credit.holdbackLeft, kept));
}

function payProvider(credit: Credit, amount: bigint): Credit {
  const claims = { ...credit.claims, provider: add(credit.claims.provider, amount) };
  return { ...credit, holdbackLeft: sub(credit.holdbackLeft, amount), claims };
}

/** Takes the edge that a payment leads to: paid off, cured, or paid in part. */
function advance(credit: Credit, applied: Applied): Credit {
  if (totalDebt(credit.debt) === 0n) return { ...discharge(credit), status: Status.Repaid, blockable: 0 };
  const isCured = applied.arrearsAfter === 0n && credit.noticeGiven === 0;
  if (credit.status === Status.Seizing || !isCured) return credit;
  const cured = { ...credit, defaultedAt: 0n, status: Status.Active, blockable: 1 };
  return thawCured(cured);
}

function thawCured(credit: Credit): Credit {
  const collateral = { ...credit.collateral, frozenForPayment: 0n };
  if (mayFreeze(credit, Status.Active, credit.debt.accruedAt)) return { ...credit, collateral };
  const meter = { ...credit.meter, promised: 0n, lapsed: 0n, promisedAt: 0n };
  const isFrozenForCross = collateral.frozenForCross > 0n;
  const thawed = { ...credit, collateral: { ...collateral, frozenForOther: 0n } };
  return isFrozenForCross ? thawed : { ...thawed, meter };
}

/** Ends the debt: releases and thaws everything; the rest of the reserve is the borrower's, of the holdback the provider's. */
function discharge(credit: Credit): Credit {
  const { granted, cancelled } = credit.collateral;
  const collateral = fitFrozen(releaseTo(credit.collateral, sub(granted, cancelled)));
  const released = payProvider({ ...credit, collateral }, credit.holdbackLeft);
  const claims = { ...released.claims, borrower: add(released.claims.borrower, released.reserveHeld) };
  const meter = { ...credit.meter, promised: 0n, lapsed: 0n, promisedAt: 0n };
  return { ...released, claims, meter, reserveHeld: 0n, reserveDrawnAt: 0n, defaultedAt: 0n, noticeGiven: 0 };
}
