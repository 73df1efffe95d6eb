// What a page offers is what the program accepts: before each transaction the permission of its first instruction is asked
// for, and compared with what the program then does.

import assert from 'node:assert/strict';
import * as client from '@blockable/client';
import { AccountState, getTokenDecoder } from '@solana-program/token';
import type { AccountMeta, Address, Instruction, ReadonlyUint8Array } from '@solana/kit';

const { BlockableCreditsInstruction: Name } = client;

/** Reads accounts as of now. */
export type Look = { data(address: Address): ReadonlyUint8Array | undefined; now: bigint };

/** Names of instructions whose permission has been right about one that landed, and about one that was refused. */
export const foreseen = { landed: new Set<string>(), refused: new Set<string>() };

/**
 * Errors about what was signed, or about accounts that do not belong together: a permission is about the accounts as they
 * are, with everything filled in from them.
 */
const ABOUT_THE_SIGNED: ReadonlySet<string> = new Set<client.BlockableErrorName>([
  'OfferReplaced',
  'NoticeReplaced',
  'AgreementReplaced',
  'TermsHashMismatch',
  'StatusWorse',
  'DebtAboveLimit',
  'DebtBelowLimit',
  'LienBelowLimit',
  'UnitsBelowLimit',
  'HoldbackBelowLimit',
  'FrozenAboveLimit',
  'LockedAboveLimit',
  'AprBelowLimit',
  'MarketMismatch',
  'ProviderMismatch',
  'VaultMismatch',
  'LotMismatch',
  'MintMismatch',
  'TokenProgramMismatch',
  'TokenAccountMint',
  'TokenAccountOwner',
  'ReceiverMismatch',
  'DestinationNotAllowed',
  'CrossCreditMismatch',
  // Rules on new terms.
  'RestructureTouchesGrant',
  'HoldbackOutlasts',
  'PrincipalAboveSchedule',
  'UnitLifetimeTooShort',
]);

type Prediction = { name: string; verdict: client.Verdict };

/** Asks for the permission of an instruction; undefined where none is about it. */
export function predict(look: Look, instruction: Instruction): Prediction | undefined {
  if (instruction.programAddress !== client.BLOCKABLE_CREDITS_PROGRAM_ADDRESS) return undefined;
  const given = instruction as Parameters<typeof client.parseBlockableCreditsInstruction>[0];
  const parsed = client.parseBlockableCreditsInstruction(given);
  const accounts = parsed.accounts as Record<string, AccountMeta | undefined>;
  const data = (name: string) => {
    const key = accounts[name]?.address;
    return key === undefined ? undefined : look.data(key);
  };
  const [market, credit] = [data('market'), data('credit')];
  if (market === undefined || credit === undefined) return undefined;
  const signs = ['authority', 'lender', 'signer', 'caller', 'closer', 'party', 'buyer', 'payer'];
  const signer = signs.map((name) => accounts[name]).find((meta) => meta !== undefined);
  const found = client.getCreditDecoder().decode(credit);
  const vault = look.data(found.vault);
  const provider = data('provider') ?? look.data(found.provider);
  const lot = data('lot');
  const other = data('other');
  const view: client.View = {
    market: client.getMarketDecoder().decode(market),
    credit: found,
    party: signer?.address ?? found.market,
    now: look.now,
    vaultIsFrozen: vault !== undefined && getTokenDecoder().decode(vault).state === AccountState.Frozen,
  };
  const verdict = decide(parsed, {
    ...view,
    ...(provider && { provider: client.getProviderDecoder().decode(provider) }),
    ...(lot && lot.length > 0 && { lot: client.getLotDecoder().decode(lot) }),
    ...(other && { other: client.getCreditDecoder().decode(other) }),
    signsToo: accounts['borrower'] !== undefined,
    toVault: accounts['refund']?.address === found.vault,
  });
  return verdict && { name: Name[parsed.instructionType], verdict };
}

type Whole = client.View & {
  provider?: client.Provider;
  lot?: client.Lot;
  other?: client.Credit;
  signsToo: boolean;
  toVault: boolean;
};

type Parsed = ReturnType<typeof client.parseBlockableCreditsInstruction>;

function decide(parsed: Parsed, view: Whole): client.Verdict | undefined {
  const { provider, lot } = view;
  const withProvider = provider && { ...view, provider };
  const withLot = lot && { ...view, lot };
  switch (parsed.instructionType) {
    case Name.CreditAccept:
      return client.canAccept(view);
    case Name.CreditFreeze: {
      const { amount, reason } = parsed.data;
      const address = parsed.accounts.other?.address;
      const other = view.other && address && { address, credit: view.other };
      return client.canFreeze(view, { amount, reason, ...(other && { other }) });
    }
    case Name.CreditAutoFreeze:
      return client.canAutoFreeze(view);
    case Name.CreditThaw:
      return client.canThaw(view, parsed.data);
    case Name.CreditThawCross:
      return client.canThawCross(view, view.other);
    case Name.CreditGiveNotice: {
      const least = parsed.data.leastStatus;
      return client.canGiveNotice(view, least === client.Status.Delinquent ? least : client.Status.Active);
    }
    case Name.CreditWithdrawNotice:
      return client.canWithdrawNotice(view);
    case Name.CreditRestructure:
      return client.canRestructure(view);
    case Name.CreditRepay:
      return client.canRepay(view, parsed.data);
    case Name.ReserveFund:
      return client.canFundReserve(view, parsed.data);
    case Name.ReserveDraw:
      return client.canDrawReserve(view);
    case Name.CreditMarkDelinquent:
      return client.canMarkDelinquent(view);
    case Name.CreditMarkDefaulted:
      return client.canMarkDefaulted(view);
    case Name.CreditWaiveFee:
      return client.canWaiveFee(view, parsed.data);
    case Name.CreditSeizeToPool: {
      const { amount, startPrice, floorPrice, window } = parsed.data;
      return client.canSeize(view, { amount, lot: { startPrice, floorPrice, window } });
    }
    case Name.CreditSeizeToLender:
      return client.canTakeOver(view, parsed.data.amount);
    case Name.CreditCancelLocked:
      return (
        withProvider &&
        client.canCancelLocked(withProvider, { amount: parsed.data.amount, borrowerSigns: view.signsToo })
      );
    case Name.CreditWriteOff:
      return withProvider && client.canWriteOff(withProvider, parsed.data.mostDebt);
    case Name.LotBuy:
      return withLot && client.canBuy(withLot, parsed.data);
    case Name.LotClose:
      return withLot && client.canCloseLot(withLot);
    case Name.VaultCollect:
      return withProvider && client.canCollect(withProvider, { of: parsed.data.party, least: parsed.data.least });
    case Name.CreditCancelOffer:
      return client.canCancelOffer(view, view.toVault);
    case Name.CreditExpireUnits:
      return client.canExpireUnits(view);
    case Name.VaultClose:
      return client.canCloseVault(view);
    case Name.CreditClose:
      return withProvider && client.canClose(withProvider, parsed.data.mostUnits);
    case Name.CreditOfferLender:
      return client.canOfferLoan(view, parsed.data.to);
    case Name.CreditAcceptLender:
      return client.canTakeLoan(view);
    case Name.CreditSetFreezeAuthority:
      return client.canSetFreezeAuthority(view);
    case Name.CreditAcceptBorrower:
      return client.canTakePlace(view);
    case Name.CreditWithdrawBorrower:
      return client.canWithdrawPlace(view);
    default:
      return undefined;
  }
}

/** Compares a prediction with the error that the program gave, undefined where the instruction was executed. */
export function compare(prediction: Prediction | undefined, error: string | undefined): void {
  if (prediction === undefined || (error !== undefined && ABOUT_THE_SIGNED.has(error))) return;
  const { name, verdict } = prediction;
  const reason = verdict.ok ? undefined : verdict.reason;
  assert.equal(reason, error, `the permission for ${name}`);
  foreseen[error === undefined ? 'landed' : 'refused'].add(name);
}
