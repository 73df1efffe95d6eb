// The figures of a credit's account. Times are market time, except where the name says chain.

import { coveredByHoldback, type Holdback } from './holdback.js';
import { type MarketClock, secondsPaused } from './clock.js';
import { unitsWorth } from './auction.js';
import { accrueDebt } from './billing.js';
import {
  finishingUnits,
  freezableUnits,
  frozenUnits,
  lockedUnits,
  remainingUnits,
  seizableUnits,
} from './collateral.js';
import type { Credit } from './generated/accounts/credit.js';
import { BPS, LENDER_CANCELS_FOR, PRICE_SCALE } from './generated/constants.js';
import type { FreezeAmountArgs } from './generated/types/freezeAmount.js';
import { FreezePolicy } from './generated/types/freezePolicy.js';
import { Status } from './generated/types/status.js';
import type { Terms } from './generated/types/terms.js';
import { RefusedError, ensure } from './refusal.js';
import { type Schedule, arrearsOf, totalDebt } from './schedule.js';
import { add, after, i64, min, mulDivCeil, saturatingSub, saturatingTime } from './units.js';

/** The status of a credit. Throws for a byte of a later version. */
export function statusOf(credit: Credit): Status {
  ensure(credit.status in Status, 'UnknownStatus');
  return credit.status;
}

/** Returns true when units are live and something is owed, so that a lien can exist. */
export function isSecured(status: Status): boolean {
  return status >= Status.Active && status <= Status.Seizing;
}

/** The annual rate in force, in basis points: that of the covenant where one was agreed. */
export function aprInForce(credit: Credit): number {
  return credit.rider.covenantWindow > 0 ? credit.covenant.aprBps : credit.terms.aprBps;
}

/** The terms with the annual rate in force. */
export function termsInForce(credit: Credit): Terms {
  return { ...credit.terms, aprBps: aprInForce(credit) };
}

/** The repayment schedule, counted from issue or from the latest restructuring. */
export function scheduleOf(credit: Credit): Schedule {
  const count = credit.instalmentCount <= credit.dueAfter.length ? credit.instalmentCount : 0;
  const { granted } = credit.collateral;
  return {
    start: scheduleStart(credit),
    dueAfter: credit.dueAfter.slice(0, count),
    principal: credit.principalDue.slice(0, count),
    capitalised: credit.capitalised,
    payInKind: { shareBps: credit.rider.payInKindBps, unused: remainingUnits(credit.collateral), granted },
    heldBack:
      credit.holdbackLeft === 0n
        ? { amount: 0n, until: 0n }
        : { amount: credit.holdbackLeft, until: cancelOpensAt(credit) },
  };
}

function scheduleStart(credit: Credit): bigint {
  return credit.restructuredAt === 0n ? credit.issuedAt : credit.restructuredAt;
}

/** The credit with its debt brought up to a market time. An account alone shows it as of its last change. */
export function creditAt(credit: Credit, time: bigint): Credit {
  const { debt, capitalised } = accrueDebt(credit.debt, termsInForce(credit), scheduleOf(credit), time);
  return { ...credit, debt, capitalised };
}

/** The sum that must be paid to be current, in micro-USDC, as of the last accrual. */
export function arrears(credit: Credit): bigint {
  return arrearsOf(scheduleOf(credit), credit.debt);
}

/** The money that is held back, and the price that the loan paid. */
export function holdbackOf(credit: Credit): Holdback {
  return { left: credit.holdbackLeft, principal: credit.terms.principal, units: credit.terms.units };
}

/** Locked units that the holdback pays for and that no running job finishes on: they can be cancelled, and no lot takes them. */
export function coveredUnits(credit: Credit): bigint {
  const { collateral, meter } = credit;
  // Jobs finish on frozen units before they do on locked ones.
  const inUse = saturatingSub(finishingUnits(collateral, meter), frozenUnits(collateral));
  return coveredByHoldback(holdbackOf(credit), saturatingSub(lockedUnits(collateral), inUse));
}

/** Covered units that the debt of the last accrual pays for, rounded up. */
export function cancellableUnits(credit: Credit): bigint {
  const worth = unitsWorth(totalDebt(credit.debt), credit.terms.principal, credit.terms.units);
  return min(coveredUnits(credit), worth);
}

/** The time from which anybody may cancel covered units, if the loan is in default by then. */
export function cancelOpensAt(credit: Credit): bigint {
  const { terms } = credit;
  const count = credit.instalmentCount <= credit.dueAfter.length ? credit.instalmentCount : 0;
  const lastDue = credit.dueAfter[count - 1] ?? 0;
  const atEnd = saturatingTime(scheduleStart(credit) + BigInt(lastDue + terms.defaultGrace + terms.curePeriod));
  if (credit.defaultedAt === 0n) return atEnd;
  return min(saturatingTime(credit.defaultedAt + BigInt(terms.curePeriod + LENDER_CANCELS_FOR)), atEnd);
}

/** Units that can be seized at a market time. */
export function seizableAt(credit: Credit, time: bigint): bigint {
  const promiseHolds = time < after(credit.meter.promisedAt, credit.terms.curePeriod);
  return seizableUnits(credit.collateral, credit.meter, promiseHolds);
}

/** The price that the loan paid per `PRICE_SCALE` units, in micro-USDC, rounded up. */
export function pricePaid(credit: Credit): bigint {
  return mulDivCeil(credit.terms.principal, PRICE_SCALE, credit.terms.units);
}

/** The value of units at exactly what the loan paid for them, in micro-USDC, rounded up. */
export function valuePaid(credit: Credit, units: bigint): bigint {
  return mulDivCeil(units, credit.terms.principal, credit.terms.units);
}

/** Everything that is owed from the vault, in micro-USDC: the claims, the reserve and the holdback that is left. */
export function owedFromVault(credit: Credit): bigint {
  const { escrow, lender, borrower, treasury, provider } = credit.claims;
  return [lender, borrower, treasury, provider, credit.reserveHeld, credit.holdbackLeft].reduce(add, escrow);
}

/** The total of frozen units that a freeze leads to. For a shortfall call `creditAt` first. */
export function freezeTarget(credit: Credit, amount: FreezeAmountArgs): bigint {
  const freezable = freezableUnits(credit.collateral);
  switch (amount.__kind) {
    case 'All':
      return freezable;
    case 'Units':
      ensure(amount.fields[0] > 0, 'AmountZero');
      return min(BigInt(amount.fields[0]), freezable);
    case 'Bps':
      ensure(amount.fields[0] >= 1 && BigInt(amount.fields[0]) <= BPS, 'ShareOutOfRange');
      return mulDivCeil(freezable, BigInt(amount.fields[0]), BPS);
    case 'Shortfall': {
      const [unpaid, debt] = [arrears(credit), totalDebt(credit.debt)];
      ensure(unpaid > 0n, 'NotInArrears');
      return mulDivCeil(freezable, min(unpaid, debt), debt);
    }
  }
}

/** Returns true when the reserve has been short for longer than the delinquency grace. */
export function reserveIsOverdue(credit: Credit, time: bigint): boolean {
  const drawnAt = credit.reserveDrawnAt;
  return drawnAt !== 0n && time >= after(drawnAt, credit.terms.delinquencyGrace);
}

/** Returns true when the lender may freeze in `status`: as the policy says, or while the reserve is overdue. */
export function mayFreeze(credit: Credit, status: Status, time: bigint): boolean {
  return (isSecured(status) && reserveIsOverdue(credit, time)) || policyAllows(credit, status);
}

/** Returns true when the policy of the terms lets the lender freeze in `status`. */
export function policyAllows(credit: Credit, status: Status): boolean {
  const from = policyFrom(credit);
  return isSecured(status) && status >= from;
}

function policyFrom(credit: Credit): Status {
  const policy: FreezePolicy = credit.terms.freezePolicy;
  switch (policy) {
    case FreezePolicy.AtWill:
      return Status.Active;
    case FreezePolicy.OnDelinquency:
      return Status.Delinquent;
    case FreezePolicy.OnDefault:
      return Status.Defaulted;
    default:
      throw new RefusedError('UnknownFlag');
  }
}

/** Returns true when the offer can no longer be accepted or issued; seconds paused since the offer do not count. */
export function offerHasExpired(credit: Credit, clock: MarketClock): boolean {
  const paused = i64(saturatingSub(secondsPaused(clock), credit.pausedAtOffer));
  const { offerExpiresAt } = credit.terms;
  return offerExpiresAt !== 0n && saturatingTime(clock.chain - paused) > offerExpiresAt;
}

/** Returns true when unused units have expired. */
export function unitsHaveExpired(credit: Credit, time: bigint): boolean {
  return credit.unitsExpireAt !== 0n && time >= credit.unitsExpireAt;
}
