// Statements of a signature, which can land late: the loan as its signer has read it, and bounds in the signer's favour.
// Take them from an account that `creditAt` has brought up to now; loosen them by what may honestly change until it lands.

import { aprInForce, statusOf } from './credit.js';
import { availableUnits, frozenUnits, lienUnits, lockedUnits } from './collateral.js';
import type { Credit } from './generated/accounts/credit.js';
import { Status } from './generated/types/status.js';
import type { LoanRead } from './generated/types/loanRead.js';
import type { UnitBounds } from './generated/types/unitBounds.js';
import { totalDebt } from './schedule.js';
import { U64_MAX } from './units.js';

/** All units there are, and at least one. */
export const allUnits = (): UnitBounds => ({ least: 1n, most: U64_MAX });

/** That many units, neither more nor fewer. */
export const exactUnits = (units: bigint): UnitBounds => ({ least: units, most: units });

/** The loan as it is, in no worse status than the one it has. */
export function loanRead(credit: Credit): LoanRead {
  return { offerSlot: credit.offerSlot, worstStatus: statusOf(credit) };
}

/** The loan in any status: for payments that are meant also once a seizure has begun, when they release nothing. */
export function loanInAnyStatus(credit: Credit): LoanRead {
  return { offerSlot: credit.offerSlot, worstStatus: Status.Seizing };
}

/** The loan before a seizure: for payments that are meant to cure or to release. */
export function loanBeforeSeizure(credit: Credit): LoanRead {
  return { offerSlot: credit.offerSlot, worstStatus: Status.Defaulted };
}

/** The limits of a buyer of the loan, for `credit_accept_lender`. */
export function purchaseLimits(credit: Credit) {
  return {
    read: loanRead(credit),
    termsHash: credit.termsHash,
    leastDebt: totalDebt(credit.debt),
    leastLien: lienUnits(credit.collateral),
    leastHoldback: credit.holdbackLeft,
    mostFrozen: frozenUnits(credit.collateral),
    mostLocked: lockedUnits(credit.collateral),
    leastAprBps: aprInForce(credit),
  };
}

/** The limits of a key that takes the borrower's place, for `credit_accept_borrower`. */
export function borrowerLimits(credit: Credit) {
  return {
    read: loanRead(credit),
    termsHash: credit.termsHash,
    mostDebt: totalDebt(credit.debt),
    leastAvailable: availableUnits(credit.collateral),
  };
}

/** The limits of lender and borrower, for `credit_restructure`. */
export function restructureLimits(credit: Credit) {
  return {
    read: loanRead(credit),
    restructurings: credit.restructurings,
    mostDebt: totalDebt(credit.debt),
    leastLien: lienUnits(credit.collateral),
  };
}
