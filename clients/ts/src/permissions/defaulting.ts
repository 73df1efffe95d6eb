// Notices, restructurings, write-offs.

import type { MarketClock } from '../clock.js';
import { leftToUnlock, lockedUnits } from '../collateral.js';
import { arrears, cancellableUnits, coveredUnits, creditAt, holdbackOf, mayFreeze, statusOf } from '../credit.js';
import type { Credit } from '../generated/accounts/credit.js';
import type { Provider } from '../generated/accounts/provider.js';
import type { Collateral } from '../generated/types/collateral.js';
import { Status } from '../generated/types/status.js';
import { paidByCancel } from '../holdback.js';
import { ensure } from '../refusal.js';
import { totalDebt } from '../schedule.js';
import { add, after, saturatingTime, sub } from '../units.js';
import { giveBack } from '../waterfall.js';
import { type FreezeEffect, effectOf } from './freezing.js';
import {
  type ProviderView,
  type Verdict,
  type View,
  IN_DEFAULT,
  beginByLender,
  decide,
  requireOpen,
  requirePayable,
  requireStatus,
  waitFor,
} from './verdict.js';

/** Requires a cure period that has passed since the mark of default or the notice. */
export function requireCurePeriodOver(view: View, clock: MarketClock): void {
  const { defaultedAt, terms } = view.credit;
  waitFor(view, clock, after(defaultedAt, terms.curePeriod), 'CurePeriodRunning');
}

/** The effect of a notice of default. */
export type NoticeEffect = {
  /** Everything owed, in micro-USDC: paying it ends the notice. */
  debt: bigint;
  /** Market time until which the borrower can cure. */
  cureUntil: bigint;
};

/** Decides on a notice of default for a breach. `leastStatus` is Delinquent where the notice is not meant for a loan that is cured. */
export function canGiveNotice(
  view: View,
  leastStatus: Status.Active | Status.Delinquent = Status.Active,
): Verdict<NoticeEffect> {
  return decide(() => {
    requirePayable(view);
    const status = statusOf(view.credit);
    const clock = beginByLender(view, Status.Active, Status.Delinquent);
    ensure(view.credit.rider.breachNotice === 1, 'NoticeNotAgreed');
    ensure(status >= leastStatus, 'StatusBetter');
    const debt = totalDebt(creditAt(view.credit, clock.market).debt);
    return { effect: { debt, cureUntil: saturatingTime(clock.market + BigInt(view.credit.terms.curePeriod)) } };
  });
}

/** Decides on the withdrawal of the notice in force. */
export function canWithdrawNotice(view: View): Verdict<FreezeEffect> {
  return decide(() => {
    const clock = beginByLender(view, Status.Defaulted);
    ensure(view.credit.noticeGiven === 1, 'NoNotice');
    const credit = creditAt(view.credit, clock.market);
    const stays = mayFreeze(credit, Status.Active, clock.market);
    const { collateral } = credit;
    const isCurrent = arrears(credit) === 0n;
    const thawed: Collateral = {
      ...collateral,
      frozenForPayment: isCurrent || !stays ? 0n : collateral.frozenForPayment,
      frozenForOther: stays ? collateral.frozenForOther : 0n,
    };
    return { effect: effectOf(collateral, thawed) };
  });
}

/**
 * Decides on a restructuring, which lender and borrower sign together: in this state at all. New terms have rules of their own,
 * which a simulation checks. `atMost` is the debt that both may state as the most.
 */
export function canRestructure(view: View): Verdict<Record<never, never>> {
  return decide(() => {
    const { credit, party } = view;
    ensure(party === credit.lender || party === credit.borrower, 'NotParty');
    const clock = requireOpen(view);
    const { debt } = creditAt(credit, clock.market);
    requireStatus(credit, Status.Active, Status.Delinquent, Status.Defaulted);
    return { atMost: totalDebt(debt), effect: {} };
  });
}

/** Units that a cancel takes off, and money that was held back for them, in micro-USDC. */
export type CancelEffect = { units: bigint; paid: bigint };

/** Cancels covered units of a credit whose debt has been brought up to now. Returns the money, and the debt that is left. */
export function cancelCovered(credit: Credit, provider: Provider, units: bigint): { paid: bigint; debt: bigint } {
  const toUnlock = leftToUnlock(credit.collateral);
  const paid = paidByCancel(holdbackOf(credit), units, coveredUnits(credit), toUnlock);
  sub(lockedUnits(credit.collateral), units);
  sub(provider.outstandingUnits, units);
  const back = giveBack(credit.debt, paid);
  add(credit.claims.lender, sub(paid, back.surplus));
  return { paid, debt: totalDebt(back.debt) };
}

/** Decides on a write-off by the lender of at most `mostDebt` micro-USDC. `atMost` is the debt that would be given up. */
export function canWriteOff(view: ProviderView, mostDebt: bigint): Verdict<CancelEffect & { debt: bigint }> {
  return decide(() => {
    const was = statusOf(view.credit);
    const clock = beginByLender(view, ...IN_DEFAULT);
    ensure(view.credit.lotsOpen === 0, 'LotsOpen');
    const credit = creditAt(view.credit, clock.market);
    const units = cancellableUnits(credit);
    if (was === Status.Defaulted && units > 0n) requireCurePeriodOver(view, clock);
    const { paid, debt } = cancelCovered(credit, view.provider, units);
    ensure(debt <= mostDebt, 'DebtAboveLimit');
    return { atMost: debt, effect: { units, paid, debt } };
  });
}
