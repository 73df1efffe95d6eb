// Instructions of the acts, built by the client. Signers are named alone: the wallet signs the whole transaction.

import {
  type FreezeAmountArgs,
  type FreezeReason,
  Party,
  Status,
  type UnitBounds,
  findLotPda,
  findTokenAccountPda,
  findUnrestrictedCreditPda,
  getCreditAcceptInstruction,
  getCreditAcceptLenderInstruction,
  getCreditCancelLockedInstructionAsync,
  getCreditCancelOfferInstructionAsync,
  getCreditFreezeInstruction,
  getCreditGiveNoticeInstructionAsync,
  getCreditMarkDefaultedInstructionAsync,
  getCreditMarkDelinquentInstructionAsync,
  getCreditOfferLenderInstruction,
  getCreditRepayInstructionAsync,
  getCreditSeizeToLenderInstructionAsync,
  getCreditSeizeToPoolInstructionAsync,
  getCreditThawInstruction,
  getCreditWithdrawNoticeInstruction,
  getCreditWriteOffInstruction,
  getLotBuyInstructionAsync,
  getReserveFundInstructionAsync,
  getVaultCollectInstructionAsync,
  loanBeforeSeizure,
  loanInAnyStatus,
  loanRead,
  purchaseLimits,
} from '@blockable/client';
import {
  type Address,
  type Instruction,
  type ReadonlyUint8Array,
  AccountRole,
  address,
  createNoopSigner,
} from '@solana/kit';
import type { LoanNow, LotRow } from '../data/types.js';
import type { ActContext } from './context.js';

const keysOf = ({ loan, party }: ActContext) => ({
  authority: createNoopSigner(party),
  market: loan.address,
  credit: loan.credit,
});

/** Keys of everything that moves the payment token. */
function moneyOf(loan: LoanNow) {
  const { market } = loan;
  return { market: loan.address, credit: loan.credit, mint: market.paymentMint, tokenProgram: market.tokenProgram };
}

async function tokenAccount(loan: LoanNow, owner: Address): Promise<Address> {
  const { paymentMint: mint, tokenProgram } = loan.market;
  return (await findTokenAccountPda({ owner, mint, tokenProgram }))[0];
}

/** Freezes. */
export async function freeze(
  context: ActContext,
  amount: FreezeAmountArgs,
  reason: FreezeReason,
  other?: Address,
): Promise<Instruction[]> {
  return [getCreditFreezeInstruction({ ...keysOf(context), amount, reason, other })];
}

/** Thaws up to `most` units. */
export async function thaw(context: ActContext, most: bigint): Promise<Instruction[]> {
  return [getCreditThawInstruction({ ...keysOf(context), most, keep: 0n })];
}

/** Gives notice of default for a breach that a document states. */
export async function giveNotice(
  context: ActContext,
  document: ReadonlyUint8Array,
  leastStatus: Status,
): Promise<Instruction[]> {
  const { offerSlot } = context.credit;
  return [await getCreditGiveNoticeInstructionAsync({ ...keysOf(context), document, offerSlot, leastStatus })];
}

/** Withdraws the notice that stands. */
export async function withdrawNotice(context: ActContext): Promise<Instruction[]> {
  return [getCreditWithdrawNoticeInstruction({ ...keysOf(context), givenAt: context.credit.defaultedAt })];
}

/** Marks the loan delinquent, or in default where it is delinquent already. Anyone may. */
export async function mark({ loan }: ActContext): Promise<Instruction[]> {
  const keys = { market: loan.address, credit: loan.credit };
  return [
    loan.stored.status === Status.Delinquent
      ? await getCreditMarkDefaultedInstructionAsync(keys)
      : await getCreditMarkDelinquentInstructionAsync(keys),
  ];
}

/** Gives up the rest of the debt, at most `mostDebt`. */
export async function writeOff(context: ActContext, mostDebt: bigint): Promise<Instruction[]> {
  const { offerSlot, provider } = context.credit;
  return [getCreditWriteOffInstruction({ ...keysOf(context), provider, offerSlot, mostDebt })];
}

/** Withdraws an offer; the principal goes back to the lender's own token account, which is made where it is missing. */
export async function cancelOffer(context: ActContext): Promise<Instruction[]> {
  const { loan, credit, party } = context;
  const refund = await tokenAccount(loan, credit.lender);
  return [
    createTokenAccount(loan, party, credit.lender, refund),
    await getCreditCancelOfferInstructionAsync({
      ...moneyOf(loan),
      party: createNoopSigner(party),
      receiver: credit.rentPayer,
      refund,
      offerSlot: credit.offerSlot,
    }),
  ];
}

/** Offers the loan to another lender. */
export async function offerLoan(context: ActContext, to: Address): Promise<Instruction[]> {
  return [getCreditOfferLenderInstruction({ ...keysOf(context), offerSlot: context.credit.offerSlot, to })];
}

/** Takes a loan over that is offered to the signer. Its lien may have at most `used` units fewer by then. */
export async function takeLoan(context: ActContext, used: bigint): Promise<Instruction[]> {
  const limits = purchaseLimits(context.credit);
  const leastLien = limits.leastLien > used ? limits.leastLien - used : 0n;
  return [getCreditAcceptLenderInstruction({ ...keysOf(context), ...limits, leastLien })];
}

/** Cancels covered units for the cash that is held back for them. */
export async function cancelLocked(context: ActContext, amount: UnitBounds): Promise<Instruction[]> {
  const { authority, ...keys } = keysOf(context);
  const { provider } = context.credit;
  return [
    await getCreditCancelLockedInstructionAsync({
      ...keys,
      signer: authority,
      provider,
      amount,
      read: loanRead(context.credit),
    }),
  ];
}

/** Seizes units into the next lot. Prices are micro-USDC per million units. */
export async function seize(
  context: ActContext,
  amount: UnitBounds,
  lot: { startPrice: bigint; floorPrice: bigint; window: number },
): Promise<Instruction[]> {
  const { authority, ...keys } = keysOf(context);
  const [address] = await findLotPda({ credit: keys.credit, index: context.credit.lotsOpened });
  return [
    await getCreditSeizeToPoolInstructionAsync({
      ...keys,
      lender: authority,
      rentPayer: authority,
      lot: address,
      amount,
      ...lot,
    }),
  ];
}

/** Takes units over at exactly the price that the loan paid. */
export async function takeOver(context: ActContext, amount: UnitBounds): Promise<Instruction[]> {
  const { authority, ...keys } = keysOf(context);
  const { market, provider, unitsExpireAt } = context.credit;
  const [lenderCredit] = await findUnrestrictedCreditPda({ market, provider, owner: context.party, unitsExpireAt });
  return [
    await getCreditSeizeToLenderInstructionAsync({
      ...keys,
      lender: authority,
      rentPayer: authority,
      provider,
      lenderCredit,
      amount,
    }),
  ];
}

/** Collects a claim into the party's own token account, which is made where it is missing. */
export async function collect(
  context: ActContext,
  party: Party.Lender | Party.Borrower,
  owner: Address,
): Promise<Instruction[]> {
  const { loan } = context;
  const caller = createNoopSigner(context.party);
  const destination = await tokenAccount(loan, owner);
  return [
    createTokenAccount(loan, context.party, owner, destination),
    await getVaultCollectInstructionAsync({ caller, ...moneyOf(loan), destination, party, least: 1n }),
  ];
}

/** Pays at most `amount`. With `mustCure` it fails where arrears would be left. */
export async function repay(
  context: ActContext,
  amount: bigint,
  mode: 'cure' | 'release' | 'any',
): Promise<Instruction[]> {
  const { loan, credit } = context;
  const read = mode === 'any' ? loanInAnyStatus(credit) : loanBeforeSeizure(credit);
  const source = await tokenAccount(loan, context.party);
  const payer = createNoopSigner(context.party);
  return [
    await getCreditRepayInstructionAsync({ payer, source, ...moneyOf(loan), amount, read, mustCure: mode === 'cure' }),
  ];
}

/** Pays at most `amount` into the reserve. */
export async function fundReserve(context: ActContext, amount: bigint): Promise<Instruction[]> {
  const { loan } = context;
  const source = await tokenAccount(loan, context.party);
  const read = loanBeforeSeizure(context.credit);
  return [
    await getReserveFundInstructionAsync({
      payer: createNoopSigner(context.party),
      source,
      ...moneyOf(loan),
      amount,
      read,
    }),
  ];
}

/** Accepts an offer by the hash that was computed from the terms that were read. */
export async function accept(context: ActContext, termsHash: ReadonlyUint8Array): Promise<Instruction[]> {
  return [getCreditAcceptInstruction({ ...keysOf(context), read: { termsHash, slot: context.credit.offerSlot } })];
}

/** Buys units of a lot at `maxPrice` or less. */
export async function buy(
  context: ActContext,
  { lot }: LotRow,
  amount: UnitBounds,
  maxPrice: bigint,
): Promise<Instruction[]> {
  const { loan } = context;
  const { market, provider, unitsExpireAt } = context.credit;
  const [buyerCredit] = await findUnrestrictedCreditPda({ market, provider, owner: context.party, unitsExpireAt });
  const source = await tokenAccount(loan, context.party);
  const buyer = createNoopSigner(context.party);
  return [
    await getLotBuyInstructionAsync({
      buyer,
      rentPayer: buyer,
      ...moneyOf(loan),
      provider,
      lot,
      buyerCredit,
      source,
      amount,
      maxPrice,
    }),
  ];
}

const ASSOCIATED_TOKEN = address('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');
const SYSTEM = address('11111111111111111111111111111111');
/** Creates the account where it is missing, and does nothing where it is there. */
const CREATE_IDEMPOTENT = new Uint8Array([1]);

function createTokenAccount(loan: LoanNow, payer: Address, owner: Address, account: Address): Instruction {
  const { paymentMint, tokenProgram } = loan.market;
  const readonly = (key: Address) => ({ address: key, role: AccountRole.READONLY });
  return {
    programAddress: ASSOCIATED_TOKEN,
    accounts: [
      { address: payer, role: AccountRole.WRITABLE_SIGNER },
      { address: account, role: AccountRole.WRITABLE },
      readonly(owner),
      readonly(paymentMint),
      readonly(SYSTEM),
      readonly(tokenProgram),
    ],
    data: CREATE_IDEMPOTENT,
  };
}
