// Freezes and thaws.

import type { Address } from '@solana/kit';
import { availableUnits, freezableUnits, frozenUnits } from '../collateral.js';
import { creditAt, freezeTarget, policyAllows, reserveIsOverdue } from '../credit.js';
import type { Credit } from '../generated/accounts/credit.js';
import { AutoFreeze } from '../generated/types/autoFreeze.js';
import type { Collateral } from '../generated/types/collateral.js';
import type { FreezeAmountArgs } from '../generated/types/freezeAmount.js';
import { FreezeReason } from '../generated/types/freezeReason.js';
import { Status } from '../generated/types/status.js';
import { RefusedError, ensure } from '../refusal.js';
import { after, max, min, saturatingSub } from '../units.js';
import { type Verdict, type View, SECURED, clockOf, decide, requireStatus, waitFor } from './verdict.js';

/** The units of a credit after a freeze or a thaw. */
export type FreezeEffect = {
  /** Units that become frozen, or thawed. */
  units: bigint;
  /** Units frozen afterwards. */
  frozen: bigint;
  /** Units that new jobs may use afterwards, by what is on the chain. */
  available: bigint;
};

/** A freeze as it would be signed. */
export type FreezeRequest = {
  /** The total of frozen units that is asked for. */
  amount: FreezeAmountArgs;
  /** The reason. */
  reason: FreezeReason;
  /** For cross-default: the other credit, which is in default. */
  other?: { address: Address; credit: Credit };
};

/** Decides on a freeze. `atMost` is the number of units that can be frozen at all. */
export function canFreeze(view: View, request: FreezeRequest): Verdict<FreezeEffect> {
  return decide(() => {
    const { credit } = view;
    const clock = clockOf(view);
    requireFreezer(view);
    requireMayFreeze(view, requireStatus(credit, ...SECURED), request);
    const { other, reason, amount } = request;
    const isCross = reason === FreezeReason.CrossDefault;
    const isRebased = isCross && credit.crossCredit !== other?.address && credit.collateral.frozenForCross > 0n;
    const current = amount.__kind === 'Shortfall' ? creditAt(credit, clock.market) : credit;
    return raise(credit, freezeTarget(current, amount), reason, isRebased);
  });
}

/** Decides on a freeze of everything by anyone, from the mark that the terms name. */
export function canAutoFreeze(view: View): Verdict<FreezeEffect> {
  return decide(() => {
    clockOf(view);
    const { credit } = view;
    const status = requireStatus(credit, Status.Delinquent, Status.Defaulted);
    const auto: AutoFreeze = credit.terms.autoFreeze;
    const fromDefault = auto === AutoFreeze.FromDefault && status === Status.Defaulted;
    ensure(auto === AutoFreeze.FromDelinquency || fromDefault, 'AutoFreezeNotAgreed');
    const inDefault = credit.noticeGiven === 1 ? FreezeReason.Breach : FreezeReason.Default;
    const reason = status === Status.Delinquent ? FreezeReason.MissedPayment : inDefault;
    return raise(credit, freezableUnits(credit.collateral), reason, false);
  });
}

/** Decides on a thaw of up to `most` units that leaves at least `keep` frozen. `atMost` is the number of frozen units. */
export function canThaw(view: View, bounds: { most: bigint; keep: bigint }): Verdict<FreezeEffect> {
  return decide(() => {
    clockOf(view);
    requireFreezer(view);
    requireStatus(view.credit, ...SECURED);
    const { collateral } = view.credit;
    const frozen = frozenUnits(collateral);
    ensure(bounds.most > 0n, 'AmountZero');
    const units = min(bounds.most, saturatingSub(frozen, bounds.keep));
    ensure(units > 0n, 'BeyondFrozen');
    return { atMost: frozen, effect: effectOf(collateral, limitFrozen(collateral, frozen - units)) };
  });
}

/** Decides on a thaw by anyone of what is frozen for cross-default. `other` is the other credit, undefined once it is closed. */
export function canThawCross(view: View, other: Credit | undefined): Verdict<FreezeEffect> {
  return decide(() => {
    clockOf(view);
    requireStatus(view.credit, ...SECURED);
    const { collateral } = view.credit;
    ensure(collateral.frozenForCross > 0n, 'NoCrossFreeze');
    ensure(other === undefined || !isCrossDefault(view.credit, other), 'CrossDefaultStands');
    return { effect: effectOf(collateral, { ...collateral, frozenForCross: 0n }) };
  });
}

/** The effect of frozen amounts that have changed. */
export function effectOf(before: Collateral, after: Collateral): FreezeEffect {
  const [was, frozen] = [frozenUnits(before), frozenUnits(after)];
  return { units: max(was, frozen) - min(was, frozen), frozen, available: availableUnits(after) };
}

function requireFreezer({ credit, party }: View): void {
  ensure(party === credit.lender || party === credit.freezeAuthority, 'NotFreezer');
}

function requireMayFreeze(view: View, status: Status, { reason, other }: FreezeRequest): void {
  const { credit } = view;
  if (reason === FreezeReason.CrossDefault) {
    ensure(credit.rider.crossDefault === 1, 'CrossDefaultNotAgreed');
    if (other === undefined) throw new RefusedError('CrossCreditMissing');
    ensure(isCrossDefault(credit, other.credit), 'CrossCreditSound');
    return;
  }
  if (policyAllows(credit, status)) return;
  const isAboutPayment = reason === FreezeReason.MissedPayment || reason === FreezeReason.Default;
  ensure(!isAboutPayment && credit.reserveDrawnAt !== 0n, 'FreezePolicyForbids');
  const clock = clockOf(view);
  if (reserveIsOverdue(credit, clock.market)) return;
  waitFor(view, clock, after(credit.reserveDrawnAt, credit.terms.delinquencyGrace), 'FreezePolicyForbids');
}

/** Returns true while `other` lets the lender freeze for cross-default. */
function isCrossDefault(credit: Credit, other: Credit): boolean {
  const isBroken = other.status === Status.Defaulted || other.status === Status.Seizing;
  return isBroken && other.lender === credit.lender && other.borrower === credit.borrower;
}

function raise(credit: Credit, target: bigint, reason: FreezeReason, isRebased: boolean) {
  const { collateral } = credit;
  after(credit.meter.promisedAt, credit.terms.curePeriod);
  const kind = kindOf(reason);
  const isRaised = target > collateral[kind];
  ensure(isRaised || isRebased, 'AlreadyFrozen');
  const frozen = isRaised ? { ...collateral, [kind]: target } : collateral;
  return { atMost: freezableUnits(collateral), effect: effectOf(collateral, frozen) };
}

function kindOf(reason: FreezeReason): 'frozenForPayment' | 'frozenForOther' | 'frozenForCross' {
  if (reason === FreezeReason.CrossDefault) return 'frozenForCross';
  const isAboutPayment = reason === FreezeReason.MissedPayment || reason === FreezeReason.Default;
  return isAboutPayment ? 'frozenForPayment' : 'frozenForOther';
}

function limitFrozen(units: Collateral, most: bigint): Collateral {
  return {
    ...units,
    frozenForPayment: min(units.frozenForPayment, most),
    frozenForOther: min(units.frozenForOther, most),
    frozenForCross: min(units.frozenForCross, most),
  };
}
