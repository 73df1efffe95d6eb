// The acts of the page as transactions, in the widest form in which the page says whether they are possible now.

import * as client from '@blockable/client';
import {
  type Address,
  type Instruction,
  appendTransactionMessageInstruction,
  compileTransaction,
  createNoopSigner,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit';
import type { Venue } from './venue.js';

/** Everything that an act is built from. */
type Setting = { venue: Venue; party: Address; address: Address; credit: client.Credit; market: client.Market };

/** The acts by the last part of their address in the page. */
export const ACTS: Readonly<Record<string, (setting: Setting) => Promise<Instruction>>> = {
  freeze: async ({ credit, ...setting }) =>
    client.getCreditFreezeInstruction({
      ...keys(setting),
      amount: client.freezeAmount('All'),
      reason: credit.status >= client.Status.Defaulted ? client.FreezeReason.Default : client.FreezeReason.Risk,
    }),
  thaw: async (setting) => client.getCreditThawInstruction({ ...keys(setting), most: 2n ** 64n - 1n, keep: 0n }),
  collect: async ({ venue, party, address, credit }) => {
    const { market, mint, token_program: tokenProgram } = venue.facts;
    const [destination] = await client.findTokenAccountPda({ owner: credit.lender, mint, tokenProgram });
    const caller = createNoopSigner(party);
    const least = 1n;
    return client.getVaultCollectInstructionAsync({
      ...{ caller, market, credit: address, mint, tokenProgram, destination, party: client.Party.Lender, least },
    });
  },
  notice: async (setting) =>
    client.getCreditGiveNoticeInstructionAsync({
      ...keys(setting),
      document: new Uint8Array(32).fill(7),
      offerSlot: setting.credit.offerSlot,
      leastStatus: client.Status.Active,
    }),
  'cancel-locked': async (setting) => {
    const { authority: signer, market, credit } = keys(setting);
    const { provider } = setting.credit;
    const read = client.loanRead(setting.credit);
    return client.getCreditCancelLockedInstructionAsync({
      ...{ signer, market, credit, provider, amount: client.allUnits(), read },
    });
  },
  seize: async (setting) => {
    const { authority: lender, market, credit } = keys(setting);
    const { bounds } = setting.market;
    const startPrice = client.pricePaid(setting.credit);
    const floorPrice = client.leastLotPrice(startPrice, bounds.minFloorPriceBps);
    const [lot] = await client.findLotPda({ credit, index: setting.credit.lotsOpened });
    const terms = { startPrice, floorPrice, window: bounds.minLotWindow };
    return client.getCreditSeizeToPoolInstructionAsync({
      ...{ lender, rentPayer: lender, market, credit, lot, amount: client.allUnits(), ...terms },
    });
  },
  'take-over': async (setting) => {
    const { authority: lender, market, credit } = keys(setting);
    const { provider, unitsExpireAt } = setting.credit;
    const [lenderCredit] = await client.findUnrestrictedCreditPda({
      ...{ market, provider, owner: setting.party, unitsExpireAt },
    });
    return client.getCreditSeizeToLenderInstructionAsync({
      ...{ lender, rentPayer: lender, market, credit, provider, lenderCredit, amount: client.allUnits() },
    });
  },
  mark: async (setting) => {
    const { market, credit } = keys(setting);
    return setting.credit.status === client.Status.Delinquent
      ? client.getCreditMarkDefaultedInstructionAsync({ market, credit })
      : client.getCreditMarkDelinquentInstructionAsync({ market, credit });
  },
  'withdraw-notice': async (setting) =>
    client.getCreditWithdrawNoticeInstruction({ ...keys(setting), givenAt: setting.credit.defaultedAt }),
  'write-off': async (setting) => {
    const { provider, offerSlot } = setting.credit;
    return client.getCreditWriteOffInstruction({ ...keys(setting), provider, offerSlot, mostDebt: 2n ** 64n - 1n });
  },
  assign: async (setting) =>
    client.getCreditOfferLenderInstruction({
      ...keys(setting),
      offerSlot: setting.credit.offerSlot,
      to: setting.venue.party('buyer').address,
    }),
  'take-loan': async (setting) =>
    client.getCreditAcceptLenderInstruction({ ...keys(setting), ...client.purchaseLimits(setting.credit) }),
  'cancel-offer': async ({ venue, party, address, credit }) => {
    const { market, mint, token_program: tokenProgram } = venue.facts;
    const [refund] = await client.findTokenAccountPda({ owner: credit.lender, mint, tokenProgram });
    return client.getCreditCancelOfferInstructionAsync({
      ...{ party: createNoopSigner(party), receiver: credit.rentPayer, market, credit: address, mint, tokenProgram },
      ...{ refund, offerSlot: credit.offerSlot },
    });
  },
};

function keys({ venue, party, address }: Pick<Setting, 'venue' | 'party' | 'address'>) {
  return { authority: createNoopSigner(party), market: venue.facts.market, credit: address };
}

/** The program's answer to an act of a party on a credit now, by a simulation: `possible`, or the name of its error. */
export async function answerOf(venue: Venue, act: string, party: Address, address: Address): Promise<string> {
  const build = ACTS[act];
  if (build === undefined) throw new Error(`there is no act ${act}`);
  const credit = await venue.credit(address);
  const market = (await client.fetchMarket(venue.rpc, venue.facts.market)).data;
  let instruction: Instruction;
  try {
    instruction = await build({ venue, party, address, credit, market });
  } catch (error) {
    // The client refuses to write down a statement about a loan that the program would refuse.
    if (error instanceof client.RefusedError) return error.refusal;
    throw error;
  }
  const { value: lifetime } = await venue.rpc.getLatestBlockhash().send();
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (draft) => setTransactionMessageFeePayer(party, draft),
    (draft) => setTransactionMessageLifetimeUsingBlockhash(lifetime, draft),
    (draft) => appendTransactionMessageInstruction(instruction, draft),
  );
  const transaction = compileTransaction(message);
  const { value } = await venue.rpc
    .simulateTransaction(getBase64EncodedWireTransaction(transaction), { encoding: 'base64', sigVerify: false })
    .send();
  if (value.err === null) return 'possible';
  const failure = client.programFailure(value.err, { programs: client.programsOf(transaction) });
  if (failure === undefined) throw new Error(`${act}: ${JSON.stringify(value.logs)}`);
  return failure.error.name;
}
