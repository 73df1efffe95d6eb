// Steps of the life of a loan, for tests that begin in the middle of it.

import * as client from '@blockable/client';
import { type Address, signBytes } from '@solana/kit';
import type { Loan } from './loan.js';
import { type Name, USDC } from './parties.js';
import type { World } from './world.js';

/** The address of the lender's credit to the borrower. */
export async function creditAddress(world: World, nonce: bigint): Promise<Address> {
  const { lender, borrower } = world.parties;
  const seeds = { market: world.market, lender: lender.address, borrower: borrower.address, nonce };
  return (await client.findCreditPda(seeds))[0];
}

/** Builds the offer of a loan. */
export async function offer(world: World, loan: Loan, nonce: bigint) {
  const { lender, borrower, freezer } = world.parties;
  return client.getCreditOfferInstructionAsync({
    lender,
    rentPayer: lender,
    borrower: borrower.address,
    provider: world.provider,
    source: world.wallets.lender,
    ...world.money,
    nonce,
    freezeAuthority: freezer.address,
    terms: loan.terms,
    rider: loan.rider,
    schedule: client.runsOf(loan.schedule),
  });
}

/** Reads an offer to sign it: the hash of the terms agreed on, never of those in the account, and the offer's slot. */
export async function offerRead(world: World, loan: Loan, nonce: bigint): Promise<client.OfferRead> {
  const { lender, borrower } = world.parties;
  const { market, provider } = world;
  const parties = { market, lender: lender.address, borrower: borrower.address, provider, nonce };
  const termsHash = await client.termsHash(parties, loan.terms, loan.rider, loan.schedule);
  return { termsHash, slot: world.credit(await creditAddress(world, nonce)).offerSlot };
}

/** Builds the borrower's acceptance. */
export async function accept(world: World, loan: Loan, nonce: bigint) {
  const credit = await creditAddress(world, nonce);
  const read = await offerRead(world, loan, nonce);
  return client.getCreditAcceptInstruction({ authority: world.parties.borrower, market: world.market, credit, read });
}

/** Builds the provider's issue. */
export async function issue(world: World, loan: Loan, nonce: bigint) {
  return client.getCreditIssueInstructionAsync({
    authority: world.parties.provider,
    credit: await creditAddress(world, nonce),
    provider: world.provider,
    payout: world.wallets.provider,
    ...world.money,
    read: await offerRead(world, loan, nonce),
  });
}

/** Offers and accepts a loan. */
export async function accepted(world: World, loan: Loan, nonce = 1n): Promise<Address> {
  await world.sent(await offer(world, loan, nonce));
  await world.sent(await accept(world, loan, nonce));
  return creditAddress(world, nonce);
}

/** Offers, accepts and issues a loan; where a reserve was agreed, the borrower funds it. */
export async function active(world: World, loan: Loan, nonce = 1n): Promise<Address> {
  const credit = await accepted(world, loan, nonce);
  const { reserve } = loan.rider;
  if (reserve > 0n) await world.sent(await fundReserve(world, 'borrower', credit, reserve));
  await world.sent(await issue(world, loan, nonce));
  return credit;
}

/** An active loan that has missed its first instalment and is marked delinquent as early as the clock allows. */
export async function delinquent(world: World, loan: Loan, nonce = 1n): Promise<Address> {
  const credit = await active(world, loan, nonce);
  await world.pass((loan.schedule[0]?.dueAfter ?? 0) + loan.terms.delinquencyGrace);
  await world.sent(await markDelinquent(world, credit));
  return credit;
}

/** A loan that is marked defaulted as early as the clock allows. */
export async function defaulted(world: World, loan: Loan, nonce = 1n): Promise<Address> {
  const credit = await delinquent(world, loan, nonce);
  await world.pass(loan.terms.defaultGrace - loan.terms.delinquencyGrace);
  await world.sent(await markDefaulted(world, credit));
  return credit;
}

/** A defaulted loan that is frozen in full, of which the lender has seized units into a lot. */
export async function seized(world: World, loan: Loan, units: bigint, nonce = 1n): Promise<Address> {
  const credit = await defaulted(world, loan, nonce);
  await world.sent(freeze(world, 'lender', credit, client.freezeAmount('All'), client.FreezeReason.Default));
  await world.pass(loan.terms.curePeriod);
  await world.sent(await seize(world, 'lender', credit, client.exactUnits(units)));
  return credit;
}

export function markDelinquent(world: World, credit: Address) {
  return client.getCreditMarkDelinquentInstructionAsync({ market: world.market, credit });
}

export function markDefaulted(world: World, credit: Address) {
  return client.getCreditMarkDefaultedInstructionAsync({ market: world.market, credit });
}

/** Builds a payment that is meant in any status. */
export function repay(world: World, payer: Name, credit: Address, amount: bigint, mustCure = false) {
  return client.getCreditRepayInstructionAsync({
    payer: world.parties[payer],
    source: world.wallets[payer],
    credit,
    ...world.money,
    amount,
    read: client.loanInAnyStatus(world.credit(credit)),
    mustCure,
  });
}

export function fundReserve(world: World, payer: Name, credit: Address, amount: bigint) {
  return client.getReserveFundInstructionAsync({
    payer: world.parties[payer],
    source: world.wallets[payer],
    credit,
    ...world.money,
    amount,
    read: client.loanInAnyStatus({ ...world.credit(credit) }),
  });
}

export function freeze(
  world: World,
  who: Name,
  credit: Address,
  amount: client.FreezeAmountArgs,
  reason: client.FreezeReason,
  other?: Address,
) {
  const authority = world.parties[who];
  return client.getCreditFreezeInstruction({ authority, market: world.market, credit, amount, reason, other });
}

export function thaw(world: World, who: Name, credit: Address, bounds: { most: bigint; keep: bigint }) {
  return client.getCreditThawInstruction({ authority: world.parties[who], market: world.market, credit, ...bounds });
}

/** Prices of a lot: from what the loan paid per unit down to half of it, in ten days. */
export const LOT_TERMS = { startPrice: 100n * USDC, floorPrice: 50n * USDC, window: 864_000 };

/** The address of a credit's next lot. */
export async function nextLot(world: World, credit: Address): Promise<Address> {
  return (await client.findLotPda({ credit, index: world.credit(credit).lotsOpened }))[0];
}

/** Builds a seizure into the next lot. */
export async function seize(world: World, who: Name, credit: Address, amount: client.UnitBounds) {
  return client.getCreditSeizeToPoolInstructionAsync({
    lender: world.parties[who],
    rentPayer: world.parties[who],
    market: world.market,
    credit,
    lot: await nextLot(world, credit),
    amount,
    ...LOT_TERMS,
  });
}

/** The address of a party's unrestricted credit that takes units of a credit. */
export async function unrestricted(world: World, owner: Name, from: Address): Promise<Address> {
  const { unitsExpireAt } = world.credit(from);
  const { market, provider, parties } = world;
  const seeds = { market, provider, owner: parties[owner].address, unitsExpireAt };
  return (await client.findUnrestrictedCreditPda(seeds))[0];
}

/** Builds a purchase from a lot. */
export async function buy(world: World, who: Name, credit: Address, lot: Address, units: bigint, maxPrice: bigint) {
  return client.getLotBuyInstructionAsync({
    buyer: world.parties[who],
    rentPayer: world.parties[who],
    credit,
    provider: world.provider,
    lot,
    buyerCredit: await unrestricted(world, who, credit),
    source: world.wallets[who],
    ...world.money,
    amount: client.exactUnits(units),
    maxPrice,
  });
}

/** Builds the payment of a claim to a wallet. */
export function collect(world: World, caller: Name, credit: Address, party: client.Party, to: Name, least = 0n) {
  return client.getVaultCollectInstructionAsync({
    caller: world.parties[caller],
    credit,
    destination: world.wallets[to],
    provider: party === client.Party.Provider ? world.provider : undefined,
    ...world.money,
    party,
    least,
  });
}

/** Signs equal reports of two reporters on chunk 0, as of now. */
export async function reports(
  world: World,
  readings: ReadonlyMap<number, client.CreditReading>,
  reporters: readonly (0 | 1 | 2)[] = [0, 1],
): Promise<client.SignedReport[]> {
  const scope = client.scopeOf(world.providerNow(), world.provider, 0);
  const read = client.readingsByBit(world.now(), readings);
  const digest = await client.reportDigest(read, scope);
  const signed = reporters.map(async (reporter) => {
    const signature = await signBytes(world.parties[`reporter ${reporter}`].keyPair.privateKey, digest);
    return { reporter, signature, ...read };
  });
  return Promise.all(signed);
}

/** Builds the metering of a credit by two reporters, to `cumulative` units used and `inFlight` held by running jobs. */
export async function meter(world: World, credit: Address, cumulative: bigint, inFlight = 0n) {
  const reading = new Map([[world.credit(credit).meter.index % 32, { cumulative, inFlight }]]);
  const { market, provider } = world;
  return client.getMeterCreditsInstruction({
    market,
    provider,
    chunk: 0,
    reports: await reports(world, reading),
    credits: [credit],
  });
}
