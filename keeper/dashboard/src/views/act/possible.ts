// What the program would say of each act in its widest form, for the list of acts.

import {
  type Verdict,
  Party,
  allUnits,
  canCancelLocked,
  canCancelOffer,
  canCollect,
  canFreeze,
  canGiveNotice,
  canMarkDefaulted,
  canMarkDelinquent,
  canOfferLoan,
  canSeize,
  canTakeLoan,
  canTakeOver,
  canThaw,
  canWithdrawNotice,
  canWriteOff,
  Status,
  freezeAmount,
  leastLotPrice,
  pricePaid,
} from '@blockable/client';
import type { ActContext } from '../../act/context.js';
import { NOBODY, U64_MAX } from '../../figures/amounts.js';
import { reasonFor } from './reason.js';

/** The acts by the last part of their address. */
export type ActName =
  | 'freeze'
  | 'thaw'
  | 'collect'
  | 'mark'
  | 'notice'
  | 'withdraw-notice'
  | 'cancel-locked'
  | 'seize'
  | 'take-over'
  | 'write-off'
  | 'assign'
  | 'take-loan'
  | 'cancel-offer';

/** Decides on the mark that comes next. */
export const canMark = (view: ActContext['view']) =>
  view.credit.status === Status.Delinquent ? canMarkDefaulted(view) : canMarkDelinquent(view);

/** Decides whether an act is possible in its widest form. */
export function canDo(name: ActName, { view, credit }: ActContext): Verdict<unknown> {
  switch (name) {
    case 'freeze':
      return canFreeze(view, { amount: freezeAmount('All'), reason: reasonFor(credit.status) });
    case 'thaw':
      return canThaw(view, { most: U64_MAX, keep: 0n });
    case 'collect':
      return canCollect(view, { of: Party.Lender });
    case 'mark':
      return canMark(view);
    case 'notice':
      return canGiveNotice(view);
    case 'withdraw-notice':
      return canWithdrawNotice(view);
    case 'cancel-locked':
      return canCancelLocked(view, { amount: allUnits() });
    case 'seize': {
      const { bounds } = view.market;
      const price = pricePaid(credit);
      const floorPrice = leastLotPrice(price, bounds.minFloorPriceBps);
      return canSeize(view, {
        amount: allUnits(),
        lot: { startPrice: price, floorPrice, window: bounds.minLotWindow },
      });
    }
    case 'take-over':
      return canTakeOver(view, allUnits());
    case 'write-off':
      return canWriteOff(view, U64_MAX);
    case 'assign':
      // To anybody, or where it is offered already: its withdrawal.
      return canOfferLoan(view, credit.pendingLender === NOBODY ? view.party : NOBODY);
    case 'take-loan':
      return canTakeLoan(view);
    case 'cancel-offer':
      return canCancelOffer(view);
  }
}
