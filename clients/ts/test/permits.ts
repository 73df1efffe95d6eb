// Permissions, compared with the decisions of the program's own actions that the oracle prints.

import assert from 'node:assert/strict';
import { address } from '@solana/kit';
import * as client from '../src/index.js';
import type { Json } from './figures.js';
import type { PermitsLine } from './oracle.js';

type Act = { [name: string]: (view: Whole) => client.Verdict };
type Whole = client.View & {
  provider: client.Provider;
  lot: client.Lot;
  other: client.Credit;
  line: PermitsLine;
};

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const number = (view: Whole, name: string) => BigInt(view.line.given[name] ?? '');
const key = (view: Whole, name: string) => address(view.line.given[name] ?? '');
const units = (view: Whole) => ({ least: number(view, 'least'), most: number(view, 'most') });
const pay = (view: Whole) => number(view, 'pay');

function freezeRequest(view: Whole): client.FreezeRequest {
  const value = number(view, 'freezeNumber');
  const amounts: Record<string, client.FreezeAmount> = {
    All: client.freezeAmount('All'),
    Units: client.freezeAmount('Units', [value]) as client.FreezeAmount,
    Bps: client.freezeAmount('Bps', [Number(value)]),
    Shortfall: client.freezeAmount('Shortfall'),
  };
  const amount = amounts[view.line.given['freeze'] ?? ''];
  assert(amount);
  const other = { address: key(view, 'otherKey'), credit: view.other };
  return { amount, reason: Number(number(view, 'reason')), ...(view.line.signsToo && { other }) };
}

function lotRequest(view: Whole): client.LotRequest {
  const [startPrice, floorPrice] = [number(view, 'startPrice'), number(view, 'floorPrice')];
  return { startPrice, floorPrice, window: Number(number(view, 'window')) };
}

const least = (view: Whole) => Number(number(view, 'leastStatus')) as client.Status.Active | client.Status.Delinquent;

const ACTS: Act = {
  freeze: (view) => client.canFreeze(view, freezeRequest(view)),
  autoFreeze: client.canAutoFreeze,
  thaw: (view) => client.canThaw(view, { most: number(view, 'thaw'), keep: number(view, 'keep') }),
  thawCross: (view) => client.canThawCross(view, view.line.signsToo ? view.other : undefined),
  giveNotice: (view) => client.canGiveNotice(view, least(view)),
  withdrawNotice: client.canWithdrawNotice,
  restructure: client.canRestructure,
  writeOff: (view) => client.canWriteOff(view, number(view, 'mostDebt')),
  seize: (view) => client.canSeize(view, { amount: units(view), lot: lotRequest(view) }),
  takeOver: (view) => client.canTakeOver(view, units(view)),
  cancelLocked: (view) => client.canCancelLocked(view, { amount: units(view), borrowerSigns: view.line.signsToo }),
  buy: (view) => client.canBuy(view, { amount: units(view), maxPrice: number(view, 'maxPrice') }),
  closeLot: (view) => client.canCloseLot(view),
  collect: (view) => client.canCollect(view, { of: Number(number(view, 'claim')), least: number(view, 'leastClaim') }),
  cancelOffer: (view) => client.canCancelOffer(view, view.line.signsToo),
  expireUnits: client.canExpireUnits,
  closeVault: client.canCloseVault,
  close: (view) => client.canClose(view, number(view, 'mostUnits')),
  accept: client.canAccept,
  repay: (view) => client.canRepay(view, { amount: pay(view), mustCure: view.line.mustCure }),
  cure: client.canCure,
  fundReserve: (view) => client.canFundReserve(view, { amount: pay(view) }),
  drawReserve: client.canDrawReserve,
  markDelinquent: client.canMarkDelinquent,
  markDefaulted: client.canMarkDefaulted,
  waiveFee: (view) => client.canWaiveFee(view, { amount: pay(view) }),
  offerLoan: (view) => client.canOfferLoan(view, key(view, 'to')),
  takeLoan: client.canTakeLoan,
  setFreezeAuthority: client.canSetFreezeAuthority,
  takePlace: client.canTakePlace,
  withdrawPlace: client.canWithdrawPlace,
} as Act;

/** Acts whose `atMost` is the number of units that the act takes where it is asked for all. */
const MOST: Act = {
  seize: (view) => client.canSeize(view, { amount: client.allUnits(), lot: lotRequest(view) }),
  takeOver: (view) => client.canTakeOver(view, client.allUnits()),
  cancelLocked: (view) =>
    client.canCancelLocked(view, { amount: client.allUnits(), borrowerSigns: view.line.signsToo }),
  buy: (view) => client.canBuy(view, { amount: client.allUnits(), maxPrice: number(view, 'maxPrice') }),
  thaw: (view) => client.canThaw(view, { most: client.UNIT_BOUNDS_ALL_MOST, keep: 0n }),
};

/** The decisions so far: acts by their name, each with the number of times it was given, and of each reason of a denial. */
export const decided = new Map<string, Map<string, number>>();

/** Compares every permission of a case with the program's decision. */
export function comparePermits(line: PermitsLine): void {
  const view: Whole = {
    market: client.getMarketDecoder().decode(bytes(line.market)),
    credit: client.getCreditDecoder().decode(bytes(line.credit)),
    provider: client.getProviderDecoder().decode(bytes(line.provider)),
    lot: client.getLotDecoder().decode(bytes(line.lot)),
    other: client.getCreditDecoder().decode(bytes(line.other)),
    party: address(line.given['party'] ?? ''),
    now: BigInt(line.given['now'] ?? ''),
    vaultIsFrozen: line.vaultIsFrozen,
    line,
  };
  assert.deepEqual(Object.keys(line.decisions).sort(), Object.keys(ACTS).sort());
  for (const [name, program] of Object.entries(line.decisions)) {
    const act = ACTS[name];
    assert(act);
    const verdict = act(view);
    // In accounts that the program cannot have written, sums that no permission needs may be out of range, and flags unknown.
    if (!line.isWalked && ['!ArithmeticOverflow', '!UnknownFlag'].includes(String(program))) continue;
    assert.deepEqual(shown(verdict, program), program, name);
    count(name, verdict.ok ? 'ok' : verdict.reason);
    if (!line.isWalked) continue;
    checkTime(name, act, view, verdict);
    if (verdict.ok) checkMost(name, view, verdict);
  }
}

/** The decision as the oracle prints it, with the figures that it has. */
function shown(verdict: client.Verdict, program: Json): Json {
  if (!verdict.ok) return `!${verdict.reason}`;
  const effect = Object.entries(verdict.effect).filter(
    ([name]) => typeof program === 'object' && program !== null && Object.hasOwn(program, name),
  );
  return Object.fromEntries(effect.map(([name, value]) => [name, String(value)]));
}

/** What a reason forbids is refused to the second before the time that ends it, and no longer for that reason from it on. */
function checkTime(name: string, act: (view: Whole) => client.Verdict, view: Whole, verdict: client.Verdict): void {
  if (verdict.ok || verdict.from === undefined) return;
  const { from, reason } = verdict;
  const reasonAt = (now: bigint) => {
    const then = act({ ...view, now });
    return then.ok ? 'ok' : then.reason;
  };
  assert(from > view.now, `${name}: ${from} is not ahead of ${view.now}`);
  // Units can expire meanwhile, and the program looks at that first.
  const before = reasonAt(from - 1n);
  assert(before === reason || before === 'UnitsExpired', `${name} a second before it opens: ${before}`);
  assert.notEqual(reasonAt(from), reason, `${name} as it opens`);
}

function checkMost(name: string, view: Whole, verdict: client.Allowed<object>): void {
  const all = MOST[name]?.(view);
  if (all === undefined) return;
  assert(all.ok, `${name} of all`);
  assert.equal((all.effect as { units: bigint }).units, verdict.atMost, `${name}: the most`);
}

function count(name: string, outcome: string): void {
  const outcomes = decided.get(name) ?? new Map<string, number>();
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  decided.set(name, outcomes);
}

/** Requires that each act was permitted and denied. Returns a line for people. */
export function requireBoth(): string {
  const names = Object.keys(ACTS);
  const permitted = new Map(names.map((name) => [name, decided.get(name)?.get('ok') ?? 0]));
  const oneSided = names.filter((name) => permitted.get(name) === 0 || decided.get(name)?.size === 1);
  const shown = (some: readonly string[]) => some.map((name) => `${name} ${permitted.get(name) ?? 0}`).join(', ');
  assert.deepEqual(oneSided, [], `decided one way alone, with the times they were permitted: ${shown(oneSided)}`);
  const reasons = [...decided.values()].reduce((sum, outcomes) => sum + outcomes.size - 1, 0);
  const rarest = names.sort((one, other) => (permitted.get(one) ?? 0) - (permitted.get(other) ?? 0)).slice(0, 5);
  return `${decided.size} acts, ${reasons} kinds of denials, most seldom permitted: ${shown(rarest)}`;
}
