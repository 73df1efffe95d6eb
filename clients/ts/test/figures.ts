// The figures of a credit as the oracle prints them: integers as text, a refusal as `!` and its name.

import assert from 'node:assert/strict';
import {
  type Credit,
  type Debt,
  Status,
  type MarketClock,
  type PaymentQuote,
  addressBorrower,
  addressLender,
  aprInForce,
  arrears,
  availableUnits,
  borrowerLimits,
  cancelOpensAt,
  cancellableUnits,
  coveredUnits,
  creditAt,
  dueDate,
  finishingUnits,
  freezableUnits,
  freezeAmount,
  freezeTarget,
  frozenUnits,
  giveBack,
  hasMatured,
  heldUnits,
  holdbackOf,
  interestNotDue,
  keptHoldback,
  leastPaymentToCure,
  leastPaymentToOpen,
  leftToUnlock,
  lienUnits,
  lockedUnits,
  mayFreeze,
  nextInstalment,
  offerHasExpired,
  owedFromVault,
  paidByCancel,
  payDebt,
  pricePaid,
  quotePayment,
  principalInArrears,
  purchaseLimits,
  recoverDebt,
  remainingUnits,
  reserveIsOverdue,
  restructureLimits,
  RefusedError,
  scheduleOf,
  seizableAt,
  statusOf,
  termsInForce,
  totalDebt,
  unitsHaveExpired,
  unitsHeldByJobs,
  unitsWorth,
  unrestrictedNonce,
  valuePaid,
} from '../src/index.js';

/** A document of figures. */
export type Json = string | boolean | { [name: string]: Json };

/** A value that is shown in a document. */
type Shown = bigint | number | string | boolean | { [name: string]: Json };

/** Numbers that a figure takes besides the account. */
export type Given = { clock: MarketClock; amount: bigint; units: bigint; bps: number };

/** Shows a value, or the refusal that computing it throws. */
export function shown(compute: () => Shown): Json {
  try {
    const value = compute();
    return typeof value === 'bigint' || typeof value === 'number' ? value.toString() : value;
  } catch (error) {
    if (error instanceof RefusedError) return `!${error.refusal}`;
    throw error;
  }
}

/** Shows named figures. */
export function object(figures: Record<string, () => Shown>): { [name: string]: Json } {
  return Object.fromEntries(Object.entries(figures).map(([name, compute]) => [name, shown(compute)]));
}

/** All figures of a credit, as it is and with its debt brought up to the given time. */
export function allFigures(credit: Credit, given: Given): Json {
  return object({
    now: () => ofCredit(credit, given),
    accrued: () => ofCredit(creditAt(credit, given.clock.market), given),
    payment: () => payment(credit, given),
    quote: () => quoted(() => quotePayment(credit, given.amount, given.clock.market)),
    next: () => next(credit, given.clock.market),
  });
}

/** Payments that are found by halving. */
export function searches(credit: Credit, given: Given): Json {
  return object({
    toOpen: () => quoted(() => leastPaymentToOpen(credit, given.units, given.clock.market)),
    toCure: () => quoted(() => leastPaymentToCure(credit, given.clock.market)),
  });
}

/** Shows a refusal as the SDK's quotes name it: zero, nothing owed, or anything else out of range. */
function refusedOr(compute: () => Json): Json {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { refusal } = error;
    return refusal === 'AmountZero' || refusal === 'NothingOwed' ? `!${refusal}` : '!OutOfRange';
  }
}

function next(credit: Credit, time: bigint): Json {
  return refusedOr(() => {
    const found = nextInstalment(credit, time);
    return found ? object({ dueAt: () => found.dueAt, quote: () => quoted(() => found.quote) }) : false;
  });
}

function quoted(compute: () => PaymentQuote | undefined): Json {
  return refusedOr(() => {
    const quote = compute();
    if (quote === undefined) return false;
    const { credit: _, ...figures } = quote;
    return object(Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, () => value])));
  });
}

function ofCredit(credit: Credit, given: Given): { [name: string]: Json } {
  return object({
    debt: () => debt(credit),
    units: () => units(credit, given),
    prices: () => prices(credit, given),
    freezes: () => freezes(credit, given),
    dates: () => dates(credit, given),
    payments: () => payments(credit, given),
    limits: () => limits(credit),
  });
}

function debt(credit: Credit) {
  const schedule = scheduleOf(credit);
  return object({
    stored: () => stored(credit.debt),
    capitalised: () => credit.capitalised,
    total: () => totalDebt(credit.debt),
    interestNotDue: () => interestNotDue(credit.debt),
    arrears: () => arrears(credit),
    principalInArrears: () => principalInArrears(schedule, credit.debt),
    hasMatured: () => hasMatured(schedule, credit.debt),
    owedFromVault: () => owedFromVault(credit),
  });
}

function stored(debt: Debt) {
  const { reserved: _, ...fields } = debt;
  return object(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, () => value])));
}

function units(credit: Credit, given: Given) {
  const { collateral, meter } = credit;
  return object({
    remaining: () => remainingUnits(collateral),
    lien: () => lienUnits(collateral),
    leftToUnlock: () => leftToUnlock(collateral),
    locked: () => lockedUnits(collateral),
    freezable: () => freezableUnits(collateral),
    frozen: () => frozenUnits(collateral),
    held: () => heldUnits(collateral),
    available: () => availableUnits(collateral),
    finishing: () => finishingUnits(collateral, meter),
    heldByJobs: () => unitsHeldByJobs(collateral, meter),
    seizable: () => seizableAt(credit, given.clock.market),
    covered: () => coveredUnits(credit),
    cancellable: () => cancellableUnits(credit),
  });
}

function prices(credit: Credit, given: Given) {
  const holdback = holdbackOf(credit);
  const toUnlock = leftToUnlock(credit.collateral);
  const covered = shown(() => coveredUnits(credit));
  const allButOne = typeof covered === 'string' && covered > '0' ? BigInt(covered) - 1n : 0n;
  const cancel = (most: bigint) => {
    const covered = coveredUnits(credit);
    return paidByCancel(holdback, most < covered ? most : covered, covered, toUnlock);
  };
  return object({
    pricePaid: () => pricePaid(credit),
    valuePaid: () => valuePaid(credit, given.units),
    unitsWorth: () => unitsWorth(given.amount, credit.terms.principal, credit.terms.units),
    kept: () => keptHoldback(holdback, toUnlock),
    paidByCancel: () => cancel(given.units),
    paidByCancelOfAll: () => cancel(2n ** 64n - 1n),
    paidByCancelButOne: () => cancel(allButOne),
  });
}

function freezes(credit: Credit, given: Given) {
  const time = given.clock.market;
  return object({
    all: () => freezeTarget(credit, freezeAmount('All')),
    units: () => freezeTarget(credit, freezeAmount('Units', [given.units])),
    share: () => freezeTarget(credit, freezeAmount('Bps', [given.bps])),
    shortfall: () => freezeTarget(credit, freezeAmount('Shortfall')),
    mayFreeze: () => mayFreeze(credit, statusOf(credit), time),
    reserveIsOverdue: () => reserveIsOverdue(credit, time),
  });
}

function dates(credit: Credit, given: Given) {
  const schedule = scheduleOf(credit);
  return object({
    firstDue: () => dueDate(schedule, 0) ?? -1n,
    lastDue: () => dueDate(schedule, Math.max(schedule.dueAfter.length - 1, 0)) ?? -1n,
    cancelOpensAt: () => cancelOpensAt(credit),
    offerHasExpired: () => offerHasExpired(credit, given.clock),
    unitsHaveExpired: () => unitsHaveExpired(credit, given.clock.market),
    aprBps: () => aprInForce(credit),
    unrestrictedNonce: () => unrestrictedNonce(credit.unitsExpireAt),
    addressLender: () => addressLender(credit),
    addressBorrower: () => addressBorrower(credit),
  });
}

function limits(credit: Credit) {
  const [purchase, place, schedule] = [purchaseLimits(credit), borrowerLimits(credit), restructureLimits(credit)];
  const { offerSlot, worstStatus } = purchase.read;
  assert.deepEqual([place.read, schedule.read], [purchase.read, purchase.read]);
  assert.deepEqual([purchase.termsHash, place.termsHash], [credit.termsHash, credit.termsHash]);
  return object({
    offerSlot: () => offerSlot,
    worstStatus: () => worstStatus,
    leastDebt: () => purchase.leastDebt,
    leastLien: () => purchase.leastLien,
    leastHoldback: () => purchase.leastHoldback,
    mostFrozen: () => purchase.mostFrozen,
    mostLocked: () => purchase.mostLocked,
    leastAprBps: () => purchase.leastAprBps,
    placeMostDebt: () => place.mostDebt,
    placeLeastAvailable: () => place.leastAvailable,
    restructurings: () => schedule.restructurings,
    scheduleMostDebt: () => schedule.mostDebt,
    scheduleLeastLien: () => schedule.leastLien,
  });
}

function payments(credit: Credit, given: Given) {
  const apply = (pay: typeof payDebt) => {
    const total = totalDebt(credit.debt);
    const amount = given.amount < total ? given.amount : total;
    const applied = pay(credit.debt, termsInForce(credit), scheduleOf(credit), amount);
    return { ...object(figuresOf(applied)), debt: stored(applied.debt) };
  };
  const back = giveBack(credit.debt, given.amount);
  return object({
    pay: () => apply(payDebt),
    recover: () => apply(recoverDebt),
    giveBack: () => ({ ...object(figuresOf(back)), debt: stored(back.debt) }),
  });
}

function figuresOf(parts: { debt: Debt } & { [name: string]: bigint | Debt }) {
  const amounts = Object.entries(parts).filter((entry): entry is [string, bigint] => typeof entry[1] === 'bigint');
  return Object.fromEntries(amounts.map(([name, value]) => [name, () => value]));
}

function payment(credit: Credit, given: Given) {
  const { paid, credit: after } = quotePayment(credit, given.amount, given.clock.market);
  const { collateral, claims, meter } = after;
  return {
    ...object({
      paid: () => paid,
      status: () => after.status as Status,
      reserveHeld: () => after.reserveHeld,
      holdbackLeft: () => after.holdbackLeft,
      principalRepaid: () => after.principalRepaid,
      recovered: () => after.recovered,
      frozenForPayment: () => collateral.frozenForPayment,
      frozenForOther: () => collateral.frozenForOther,
      frozenForCross: () => collateral.frozenForCross,
      released: () => collateral.released,
      promised: () => meter.promised,
      lapsed: () => meter.lapsed,
      promisedAt: () => meter.promisedAt,
      reserveDrawnAt: () => after.reserveDrawnAt,
      defaultedAt: () => after.defaultedAt,
      lenderClaim: () => claims.lender,
      borrowerClaim: () => claims.borrower,
      providerClaim: () => claims.provider,
    }),
    debt: stored(after.debt),
  };
}
