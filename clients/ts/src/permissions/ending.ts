// Claims are collected, offers withdrawn, units expire, accounts are closed.

import { finishingUnits, remainingUnits, unitsHeldByJobs } from '../collateral.js';
import { creditAt, owedFromVault, unitsHaveExpired } from '../credit.js';
import { PROVIDER_SUSPENDED_BY_ADMIN } from '../generated/constants.js';
import { Party } from '../generated/types/party.js';
import { Status } from '../generated/types/status.js';
import { ensure } from '../refusal.js';
import { add, sub } from '../units.js';
import {
  type ProviderView,
  type Verdict,
  type View,
  SECURED,
  beginByAnyone,
  clockOf,
  decide,
  requireOpen,
  requireStatus,
} from './verdict.js';

/** A collection as it would be signed, by anyone, into an account that may get it. */
export type CollectRequest = {
  /** The party whose claim it is. */
  of: Party;
  /** The least to collect, in micro-USDC; 1 where it is left out. */
  least?: bigint;
};

/** Decides on the collection of a claim. */
export function canCollect(view: ProviderView, request: CollectRequest): Verdict<{ amount: bigint }> {
  return decide(() => {
    clockOf(view);
    const { lender, borrower, treasury, provider } = view.credit.claims;
    const amounts = {
      [Party.Lender]: lender,
      [Party.Borrower]: borrower,
      [Party.Treasury]: treasury,
      [Party.Provider]: provider,
    };
    const amount = amounts[request.of];
    ensure(amount >= (request.least ?? 1n), 'NothingToCollect');
    // With a least of 0 the program does nothing where there is nothing to collect.
    if (amount === 0n) return { effect: { amount } };
    const isSuspended = (view.provider.suspended & PROVIDER_SUSPENDED_BY_ADMIN) !== 0;
    ensure(request.of !== Party.Provider || !isSuspended, 'ClaimSuspended');
    requireOpen(view);
    return { atMost: amount, effect: { amount } };
  });
}

/** Decides on the withdrawal of an offer. `toClaim`: the principal stays in the vault as the lender's claim. */
export function canCancelOffer(view: View, toClaim = false): Verdict<Record<never, never>> {
  return decide(() => {
    const { credit, party } = view;
    requireOpen(view);
    const isFunded = toClaim || credit.reserveHeld > 0n;
    const status = requireStatus(credit, Status.Accepted, ...(isFunded ? [] : [Status.Offered]));
    const byBorrower = party === credit.borrower && status === Status.Accepted;
    ensure(party === credit.lender || byBorrower, 'NotParty');
    return { effect: {} };
  });
}

/** Decides on the expiry of unused units, open to anyone. */
export function canExpireUnits(view: View): Verdict<{ units: bigint }> {
  return decide(() => {
    const clock = beginByAnyone(view, ...SECURED, Status.Repaid);
    ensure(unitsHaveExpired(view.credit, clock.market), 'NothingToExpire');
    const { collateral, meter } = creditAt(view.credit, clock.market);
    finishingUnits(collateral, meter);
    const units = sub(remainingUnits(collateral), unitsHeldByJobs(collateral, meter));
    add(collateral.expired, units);
    ensure(units > 0n, 'NothingToExpire');
    return { effect: { units } };
  });
}

/** Decides on the removal of the vault, open to anyone. */
export function canCloseVault(view: View): Verdict<Record<never, never>> {
  return decide(() => {
    beginByAnyone(view, Status.Repaid);
    ensure(owedFromVault(view.credit) === 0n, 'ClaimsLeft');
    return { effect: {} };
  });
}

/** Decides on the removal of a credit. The borrower gives up at most `mostUnits` by it, anyone else none. */
export function canClose(view: ProviderView, mostUnits: bigint): Verdict<{ givenUp: bigint }> {
  return decide(() => {
    const { credit, party, provider } = view;
    beginByAnyone(view, Status.Repaid);
    ensure(credit.lotsOpen === 0, 'LotsOpen');
    const isUnrestricted = credit.lender === credit.provider;
    ensure(isUnrestricted || credit.vaultClosed === 1, 'VaultOpen');
    const givenUp = remainingUnits(credit.collateral);
    ensure(givenUp === 0n || (party === credit.borrower && givenUp <= mostUnits), 'UnitsLeft');
    const { granted, cancelled, seized } = credit.collateral;
    sub(provider.outstandingUnits, sub(sub(granted, cancelled), seized));
    return { atMost: givenUp, effect: { givenUp } };
  });
}
