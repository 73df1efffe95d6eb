// The falling price of a lot, and the split of its proceeds. Prices are micro-USDC per `PRICE_SCALE` units.

import { BPS, PRICE_SCALE } from './generated/constants.js';
import type { Lot } from './generated/accounts/lot.js';
import { RefusedError } from './refusal.js';
import { U64_MAX, after, elapsed, min, mulDivCeil, mulDivFloor, sub } from './units.js';

/** The price of a lot at a market time: it falls from the start price to the floor over the window. Rounded up. */
export function lotPriceAt(lot: Pick<Lot, 'startPrice' | 'floorPrice' | 'openedAt' | 'window'>, time: bigint): bigint {
  const seconds = elapsed(lot.openedAt, time);
  if (seconds >= BigInt(lot.window)) return lot.floorPrice;
  const fallen = mulDivFloor(sub(lot.startPrice, lot.floorPrice), seconds, BigInt(lot.window));
  return sub(lot.startPrice, fallen);
}

/** Returns true when the price of a lot has reached its floor at a market time. */
export function lotWindowHasPassed(lot: Pick<Lot, 'openedAt' | 'window'>, time: bigint): boolean {
  return time >= after(lot.openedAt, lot.window);
}

/** The cost of units at a price, in micro-USDC, rounded up. */
export function costOfUnits(units: bigint, price: bigint): bigint {
  return mulDivCeil(units, price, PRICE_SCALE);
}

/** The lowest price that a lot may start at or fall to: a share of the price that the loan paid, rounded up. */
export function leastLotPrice(pricePaid: bigint, shareBps: number): bigint {
  return mulDivCeil(pricePaid, BigInt(shareBps), BPS);
}

/** The highest price that a lot may start at: a share of the price that the loan paid, rounded down. */
export function highestLotPrice(pricePaid: bigint, shareBps: number): bigint {
  return orMost(() => mulDivFloor(pricePaid, BigInt(shareBps), BPS));
}

/** The units that a debt pays for at exactly the price that the loan paid, rounded up. */
export function unitsWorth(debt: bigint, principal: bigint, granted: bigint): bigint {
  return orMost(() => mulDivCeil(debt, granted, principal));
}

/** The shares of a sale, in micro-USDC. They add up to the cost. */
export type Proceeds = {
  /** The redistribution fee, for the market's treasury. */
  fee: bigint;
  /** Recovery of the debt, for the lender. */
  recovered: bigint;
  /** The rest above the debt, for the borrower. */
  surplus: bigint;
};

/** Splits the cost of a sale: first the fee, then the debt, the rest is the borrower's. */
export function splitProceeds(cost: bigint, feeBps: number, debt: bigint): Proceeds {
  const fee = mulDivFloor(cost, BigInt(feeBps), BPS);
  const net = sub(cost, fee);
  const recovered = min(net, debt);
  return { fee, recovered, surplus: net - recovered };
}

function orMost(amount: () => bigint): bigint {
  try {
    return amount();
  } catch (error) {
    if (error instanceof RefusedError) return U64_MAX;
    throw error;
  }
}
