export * from './generated/index.js';
export * from './addresses.js';
export * from './auction.js';
export { type Accrued, accrueDebt } from './billing.js';
export * from './bounds.js';
export * from './clock.js';
export * from './collateral.js';
export * from './credit.js';
export * from './errors.js';
export * from './events.js';
export * from './fetch.js';
export * from './holdback.js';
export { type HeldBack, type Rates } from './interest.js';
export * from './payment.js';
export * from './permissions/index.js';
export * from './quotes.js';
export * from './refusal.js';
export * from './reports.js';
export {
  type PayInKind,
  type Schedule,
  arrearsOf,
  dueDate,
  hasMatured,
  interestNotDue,
  principalInArrears,
  totalDebt,
} from './schedule.js';
export * from './terms.js';
export * from './transactions.js';
export * from './waterfall.js';
