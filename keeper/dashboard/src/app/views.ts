// The views besides the first one, in files of their own.

import { lazy } from 'react';

const load = {
  loan: async () => ({ default: (await import('../views/loan/LoanView.js')).LoanView }),
  act: async () => ({ default: (await import('../views/act/ActView.js')).ActView }),
  offer: async () => ({ default: (await import('../views/offer/OfferView.js')).OfferView }),
  borrow: async () => ({ default: (await import('../views/borrow/BorrowView.js')).BorrowView }),
  pool: async () => ({ default: (await import('../views/pool/PoolView.js')).PoolView }),
  signed: async () => ({ default: (await import('../views/signed/SignedView.js')).SignedView }),
};

export const LoanView = lazy(load.loan);
export const ActView = lazy(load.act);
export const OfferView = lazy(load.offer);
export const BorrowView = lazy(load.borrow);
export const PoolView = lazy(load.pool);
export const SignedView = lazy(load.signed);

/** Milliseconds that the first view has for itself. */
const HEAD_START = 1_500;

/**
 * Loads all views soon: an open page must be able to freeze while the keeper, which has their files, is down. Returns the end of
 * it. A view that cannot be loaded is asked for again when it is shown.
 */
export function loadSoon(): () => void {
  const timer = setTimeout(() => Object.values(load).forEach((view) => void view().catch(() => undefined)), HEAD_START);
  return () => clearTimeout(timer);
}
