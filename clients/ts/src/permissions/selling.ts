// Sales of seized units.

import { costOfUnits, lotPriceAt, lotWindowHasPassed } from '../auction.js';
import type { MarketClock } from '../clock.js';
import { pricePaid, unitsHaveExpired, valuePaid } from '../credit.js';
import { Status } from '../generated/types/status.js';
import type { UnitBounds } from '../generated/types/unitBounds.js';
import { ensure } from '../refusal.js';
import { after, max, mulDivCeil, saturatingTime } from '../units.js';
import {
  type LotView,
  type Verdict,
  decide,
  requireNotHalted,
  requireOpen,
  requireStatus,
  unitsWithin,
  waitFor,
} from './verdict.js';

/** A purchase as it would be signed. */
export type BuyRequest = {
  /** The units. */
  amount: UnitBounds;
  /** The highest price, in micro-USDC per `PRICE_SCALE` units. */
  maxPrice: bigint;
};

/** The effect of a purchase: units, the price that holds for this buyer, and the cost in micro-USDC. */
export type BuyEffect = { units: bigint; price: bigint; cost: bigint };

/** Decides on a purchase from a lot. `atMost` is the number of units left. A buyer's balance is not looked at. */
export function canBuy(view: LotView, request: BuyRequest): Verdict<BuyEffect> {
  return decide(() => {
    const { credit, lot, party } = view;
    const clock = requireOpen(view);
    ensure(!unitsHaveExpired(credit, clock.market), 'UnitsExpired');
    const units = unitsWithin(request.amount, lot.unitsLeft, 'LotUnitsExceeded');
    let price = lotPriceAt(lot, clock.market);
    let cost = costOfUnits(units, price);
    const isLenders = party === credit.lender || party === lot.lender;
    if (isLenders) {
      price = max(price, pricePaid(credit));
      cost = max(cost, valuePaid(credit, units));
    }
    requirePriceAtMost(view, clock, price, request.maxPrice);
    if (isLenders) requireNotHalted(view, clock);
    requireStatus(credit, Status.Seizing);
    return { atMost: lot.unitsLeft, effect: { units, price, cost } };
  });
}

/** Requires a price of at most `most`; where the price falls to that, the refusal says when. */
function requirePriceAtMost(view: LotView, clock: MarketClock, price: bigint, most: bigint): void {
  const { lot, credit, party } = view;
  if (price <= most) return;
  const isLenders = party === credit.lender || party === lot.lender;
  const fallsThere = lot.floorPrice <= most && (!isLenders || pricePaid(credit) <= most);
  ensure(fallsThere, 'PriceAboveMaximum');
  const seconds = mulDivCeil(lot.startPrice - most, BigInt(lot.window), lot.startPrice - lot.floorPrice);
  waitFor(view, clock, saturatingTime(lot.openedAt + seconds), 'PriceAboveMaximum');
}

/** Decides on the close of a lot: by anyone once it is sold out or the debt is paid, by the lender past its window. */
export function canCloseLot(view: LotView): Verdict<{ returned: bigint }> {
  return decide(() => {
    const { credit, lot, party } = view;
    const clock = requireOpen(view);
    const hasPassed = lotWindowHasPassed(lot, clock.market);
    const status = requireStatus(credit, Status.Seizing, Status.Repaid);
    if (lot.unitsLeft > 0n && status === Status.Seizing) {
      if (!hasPassed) waitFor(view, clock, after(lot.openedAt, lot.window), 'LotStillOpen');
      ensure(party === credit.lender, 'LotNotYours');
    }
    return { effect: { returned: lot.unitsLeft } };
  });
}
