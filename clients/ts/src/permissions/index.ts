export * from './changing.js';
export {
  type CancelEffect,
  type NoticeEffect,
  canGiveNotice,
  canRestructure,
  canWithdrawNotice,
  canWriteOff,
} from './defaulting.js';
export * from './ending.js';
export { type FreezeEffect, type FreezeRequest, canAutoFreeze, canFreeze, canThaw, canThawCross } from './freezing.js';
export * from './paying.js';
export * from './recovering.js';
export * from './selling.js';
export type { Allowed, Denied, LotView, ProviderView, Verdict, View } from './verdict.js';
