// The loan, the borrower's place and the right to freeze go to other keys.

import { CHANGE_LIFETIME } from '../generated/constants.js';
import { Status } from '../generated/types/status.js';
import { ensure } from '../refusal.js';
import { after } from '../units.js';
import type { Address } from '@solana/kit';
import {
  type Verdict,
  type View,
  SECURED,
  beginByAnyone,
  beginByLender,
  decide,
  requireNotHalted,
  requireOpen,
  waitFor,
} from './verdict.js';

type Nothing = Record<never, never>;
const ZERO_ADDRESS = '11111111111111111111111111111111' as Address;

/** Decides on an offer of the loan to another lender; to the zero key: the withdrawal of the offer. */
export function canOfferLoan(view: View, to: Address): Verdict<Nothing> {
  return decide(() => {
    const clock = beginByLender(view, ...SECURED);
    if (to !== ZERO_ADDRESS) requireNotHalted(view, clock);
    ensure(to !== view.credit.borrower, 'SelfLoan');
    return { effect: {} };
  });
}

/** Decides on the purchase of the loan by the key that it is offered to, as the loan stands. */
export function canTakeLoan(view: View): Verdict<Nothing> {
  return decide(() => {
    requireNotHalted(view, requireOpen(view));
    beginByAnyone(view, ...SECURED);
    ensure(view.credit.pendingLender === view.party, 'NotOffered');
    ensure(view.credit.claims.lender === 0n, 'ClaimUncollected');
    return { effect: {} };
  });
}

/** Decides on the naming of another freeze authority by the lender. */
export function canSetFreezeAuthority(view: View): Verdict<Nothing> {
  return decide(() => {
    beginByLender(view, Status.Offered, Status.Accepted, ...SECURED);
    return { effect: {} };
  });
}

/** Decides on taking the borrower's place by the key that it is offered to, as the loan stands. */
export function canTakePlace(view: View): Verdict<Nothing> {
  return decide(() => {
    const { credit, party } = view;
    const clock = beginByAnyone(view, ...SECURED, Status.Repaid);
    ensure(credit.pendingBorrower === party, 'NotOffered');
    waitFor(view, clock, credit.pendingBorrowerReadyAt, 'ChangeDelayRunning');
    ensure(clock.market <= after(credit.pendingBorrowerReadyAt, CHANGE_LIFETIME), 'ChangeLapsed');
    ensure(party !== credit.lender, 'SelfLoan');
    ensure(credit.claims.borrower === 0n, 'ClaimUncollected');
    return { effect: {} };
  });
}

/** Decides on the withdrawal of an offer of the borrower's place, by lender or borrower. */
export function canWithdrawPlace(view: View): Verdict<Nothing> {
  return decide(() => {
    const { credit, party } = view;
    beginByAnyone(view, ...SECURED, Status.Repaid);
    ensure(party === credit.lender || party === credit.borrower, 'NotParty');
    ensure(credit.pendingBorrower !== ZERO_ADDRESS, 'NotOffered');
    return { effect: {} };
  });
}
