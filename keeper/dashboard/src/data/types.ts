// What views read, whichever source it came from. Money in micro-USDC, compute in units, times in the chain's Unix seconds.

import type { Credit, Lot, Market, MarketClock, Provider } from '@blockable/client';
import type { Address } from '@solana/kit';
import type { StatusName } from '../text/names.js';

/** The urgency of a credit. */
export type Colour = 'green' | 'amber' | 'red';

/** The health of a credit, with its reasons in words. */
export type Health = { colour: Colour; reason: string };

/** A credit in a line. */
export type CreditRow = {
  credit: Address;
  lender: Address;
  borrower: Address;
  provider: Address;
  status: StatusName;
  /** False for units without a loan. */
  isLoan: boolean;
  health: Health;
  principal: bigint;
  debt: bigint;
  arrears: bigint;
  /** The payment that falls due next. */
  nextPayment: { dueAt: bigint; amount: bigint } | undefined;
  remaining: bigint;
  lien: bigint;
  frozen: bigint;
  locked: bigint;
  available: bigint;
  heldBack: bigint;
  /** Value of the units under lien at the price that the loan paid. */
  lienValue: bigint;
  /** The rate in force. */
  aprBps: number | undefined;
  /** Due date of the last instalment. */
  maturesAt: bigint | undefined;
  /** Units per day, where a keeper has watched the use. */
  unitsPerDay: number | undefined;
  /** The time at which the open units are used up at that rate. */
  exhaustedAt: bigint | undefined;
};

/** The market with both of its clocks. */
export type MarketNow = { address: Address; market: Market; clock: MarketClock };

/** A credit with all that its figures rest on, read from the chain at one moment. */
export type LoanNow = MarketNow & {
  credit: Address;
  /** The account as it is stored: `creditAt` brings its debt up to now. */
  stored: Credit;
  provider: { address: Address; account: Provider } | undefined;
  slot: bigint;
  /** This machine's time of the read, in milliseconds. */
  readAt: number;
  /** True where the payment token's issuer has frozen the vault: nobody can pay then, and nobody is marked. */
  vaultIsFrozen: boolean;
};

/** A lot with the market it is sold in. */
export type LotRow = { lot: Address; account: Lot };

/** An event of a credit. */
export type EventRow = {
  seq: bigint;
  at: bigint;
  /** The kind of change, such as `paid`. */
  kind: string;
  /** Its facts, as label and text. */
  facts: readonly (readonly [string, string])[];
  signature: string;
  slot: bigint;
};

/** The log of a credit, oldest first, and the proof that it is whole. */
export type EventLog = {
  events: readonly EventRow[];
  /** `proven`: folds to the hash in the account. `partial`: only the latest events were read. Else the fault. */
  proof:
    | { state: 'proven'; count: number }
    | { state: 'partial'; reason: string }
    | { state: 'broken'; reason: string };
};

/** Units and debt of a credit at a time. */
export type Sample = { at: number; consumed: number; available: number; frozen: number; lien: number; debt: number };

/** Sums over the loans of a lender, or of the market, at a time. Money in micro-USDC. */
export type Totals = { at: number; loans: number; debt: number; arrears: number; covered: number };

/** Seconds that a sample or a sum stands for. */
export type Resolution = 300 | 3600 | 86400;

/** The delivery of an alert to one sink. */
export type Delivery = { sink: string; state: string; at: bigint | undefined };

/** An alert. */
export type AlertRow = {
  id: string;
  rule: string;
  subject: Address;
  isOnCredit: boolean;
  severity: string;
  happened: string;
  meaning: string;
  nextStep: string;
  raisedAt: bigint;
  clearedAt: bigint | undefined;
  deliveries: readonly Delivery[];
};

/** A reporter's latest report on a credit, as the keeper has it. */
export type ReportRow = {
  reporter: Address;
  reportedAt: bigint;
  cumulative: bigint | undefined;
  agrees: boolean | undefined;
  problem: string | undefined;
};

/** What a keeper has watched of a credit. */
export type Watched = {
  /** The agreement among reporters, as a sentence. */
  agreement: string | undefined;
  quorum: number | undefined;
  reports: readonly ReportRow[];
  /** The next action of the keeper, as a sentence. */
  next: string | undefined;
  /** Units per day in the short and the long term; undefined while the record is short. */
  unitsPerDay: number | undefined;
  longUnitsPerDay: number | undefined;
  exhaustedAt: bigint | undefined;
};

/** Which credits are asked for. Without a party: all of the market. */
export type PartyFilter = { role: 'lender' | 'borrower'; address: Address } | undefined;

/** Where the page's lists come from. Both kinds give the same rows; what only a keeper remembers, the chain's gives as undefined. */
export type Source = {
  kind: 'keeper' | 'chain';
  /** Reads all credits of a party, in parts as they arrive. */
  credits(filter: PartyFilter, onPart: (rows: readonly CreditRow[]) => void, signal: AbortSignal): Promise<void>;
  /** Reads the log of a credit. */
  events(credit: Address, signal: AbortSignal): Promise<EventLog>;
  /** Reads what was watched of a credit; undefined where nobody has. */
  watched(credit: Address, signal: AbortSignal): Promise<Watched | undefined>;
  /** Reads use and debt over time; undefined where nobody has recorded them. */
  series(credit: Address, resolution: Resolution, signal: AbortSignal): Promise<readonly Sample[] | undefined>;
  /** Reads sums over time, of a lender or of the market; undefined where nobody has recorded them. */
  totals(
    lender: Address | undefined,
    resolution: Resolution,
    signal: AbortSignal,
  ): Promise<readonly Totals[] | undefined>;
};
