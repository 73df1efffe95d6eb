// Written by scripts/build-client from the IDL. Do not edit.

import type { Address } from '@solana/kit';

/** Basis points in one whole. */
export const BPS = 10000n;

/** Seconds for which a change that is ready may be applied, 14 days: an old proposal cannot be kept for later. */
export const CHANGE_LIFETIME = 1209600;

/** Bytes of the account with its discriminator. */
export const CREDIT_SPACE = 1536n;

/** The layout this program writes. */
export const CREDIT_VERSION = 1;

/** Seconds in a day. */
export const DAY = 86400;

/** Seconds after a freeze in which a report from before it is still applied as of its own time.  Use up to the freeze was admitted under the rules before it. Without this time every freeze would cost an honest provider the units served since its last report. Quorum and rate bound limit the units that a dishonest provider can take. */
export const LATE_REPORT_SECONDS = 60n;

/** The first seizure takes at least one in this many of the units that can be taken. It ends the right to cure: without this bound the lender could seize a single unit to refuse a payment that is on its way. */
export const LEAST_FIRST_SEIZURE = 10n;

/** Seconds from the end of the cure period until anybody may cancel covered units: 30 days, in which the lender decides. */
export const LENDER_CANCELS_FOR = 2592000;

/** Bytes of the account with its discriminator. */
export const LOT_SPACE = 264n;

/** The layout this program writes. */
export const LOT_VERSION = 1;

/** Bytes of the account with its discriminator. */
export const MARKET_SPACE = 584n;

/** The layout this program writes. */
export const MARKET_VERSION = 1;

/** Most seconds that a loosening change waits: 60 days. */
export const MAX_CHANGE_DELAY = 5184000;

/** The most credits in one chunk of a usage report. */
export const MAX_CHUNK_SIZE = 32;

/** Seconds by which a report may be ahead of the chain's clock. */
export const MAX_CLOCK_SKEW_SECONDS = 60n;

/** The most instalments a repayment schedule can have. */
export const MAX_INSTALMENTS = 36n;

/** Most seconds by which a market can be paused within any 30 days: 24 hours. It is counted over 31 UTC days in a row, because any 30 days lie within 31 of them. */
export const MAX_PAUSE_PER_30_DAYS = 86400;

/** Most seconds by which a market can be paused within one UTC day. */
export const MAX_PAUSE_PER_DAY = 21600;

/** The largest principal that any market may allow, in micro-USDC: no interest or fee on it can leave 64 bits. */
export const MAX_PRINCIPAL = 1000000000000000000n;

/** Most seconds that a provider's change waits: 14 days. */
export const MAX_PROVIDER_DELAY = 1209600;

/** Highest redistribution fee a market may take, in basis points. */
export const MAX_REDISTRIBUTION_FEE_BPS = 1000;

/** The most usage reporters a provider can have. */
export const MAX_REPORTERS = 8n;

/** Most seconds that a market may ask for before such a cancel: 60 days. */
export const MAX_SUSPENSION = 5184000;

/** Fewest seconds that a loosening change waits, outside tests: two days. */
export const MIN_CHANGE_DELAY = 172800;

/** Fewest seconds that a provider's change waits, outside tests: six hours. */
export const MIN_PROVIDER_DELAY = 21600;

/** Fewest seconds for which the admin must have suspended a provider before covered units of a loan that is not in default can be cancelled, outside tests: two days. */
export const MIN_SUSPENSION = 172800;

/** The least price that a loan may pay, in micro-USDC per `PRICE_SCALE` units. So every price has at least five digits, and rounding changes it by a basis point at most. */
export const MIN_UNIT_PRICE = 10000n;

/** UTC days whose pauses a market remembers: today, the day after, and 30 days back. */
export const PAUSE_DAYS = 32n;

/** Prices are stated in micro-USDC for this many credit units. */
export const PRICE_SCALE = 1000000n;

/** Bytes of the account with its discriminator. */
export const PROVIDER_SPACE = 1064n;

/** Flag of a suspension by the market's admin. */
export const PROVIDER_SUSPENDED_BY_ADMIN = 2;

/** Flag of a suspension by the provider's authority. */
export const PROVIDER_SUSPENDED_BY_ITSELF = 1;

/** The layout this program writes. */
export const PROVIDER_VERSION = 1;

/** First bytes of the input of every reporters' hash, so that the hash serves no other purpose. */
export const REPORTERS_DOMAIN = /* @__PURE__ */ new Uint8Array([
  98, 108, 111, 99, 107, 97, 98, 108, 101, 47, 114, 101, 112, 111, 114, 116, 101, 114, 115, 47, 118, 49,
]);

/** First bytes of every report, so that its signature serves no other purpose. */
export const REPORT_DOMAIN = /* @__PURE__ */ new Uint8Array([
  98, 108, 111, 99, 107, 97, 98, 108, 101, 47, 117, 115, 97, 103, 101, 45, 114, 101, 112, 111, 114, 116, 47, 118, 50,
]);

/** Seconds in the year that annual rates refer to (actual/365). */
export const SECONDS_PER_YEAR = 31536000n;

/** `["credit", market, lender, borrower, nonce]` */
export const SEED_CREDIT = /* @__PURE__ */ new Uint8Array([99, 114, 101, 100, 105, 116]);

/** `["lot", credit, index]` */
export const SEED_LOT = /* @__PURE__ */ new Uint8Array([108, 111, 116]);

/** `["market", id]` */
export const SEED_MARKET = /* @__PURE__ */ new Uint8Array([109, 97, 114, 107, 101, 116]);

/** `["provider", market, authority]` */
export const SEED_PROVIDER = /* @__PURE__ */ new Uint8Array([112, 114, 111, 118, 105, 100, 101, 114]);

/** `["vault", credit]` */
export const SEED_VAULT = /* @__PURE__ */ new Uint8Array([118, 97, 117, 108, 116]);

/** The SlotHashes sysvar. */
export const SLOT_HASHES = 'SysvarS1otHashes111111111111111111111111111' as Address;

/** First bytes of every agreement, so that its hash serves no other purpose. */
export const TERMS_DOMAIN = /* @__PURE__ */ new Uint8Array([
  98, 108, 111, 99, 107, 97, 98, 108, 101, 47, 116, 101, 114, 109, 115, 47, 118, 50,
]);

/** Highest annual rate, in basis points. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MAX_APR_BPS = 10000;

/** Highest late fee, in basis points of the average instalment's principal. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MAX_LATE_FEE_BPS = 1000;

/** Most seconds over which a lot's price may fall. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MAX_LOT_WINDOW = 7776000;

/** Largest principal, in micro-USDC. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MAX_PRINCIPAL = 1000000000000000000n;

/** Highest start price of a lot, in basis points of the price the loan paid per unit; at least that price. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MAX_START_PRICE_BPS = 30000;

/** Most seconds from issue to the last due date. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MAX_TERM = 316224000;

/** Fewest seconds from default to seizure. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MIN_CURE_PERIOD = 86400;

/** Fewest seconds from a due date to default. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MIN_DEFAULT_GRACE = 172800;

/** Fewest seconds from a due date to delinquency. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MIN_DELINQUENCY_GRACE = 86400;

/** Lowest floor price of a lot, in basis points of the price the loan paid per unit. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MIN_FLOOR_PRICE_BPS = 1000;

/** Fewest seconds between due dates, and from issue to the first one. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MIN_INSTALMENT_INTERVAL = 86400;

/** Fewest seconds over which a lot's price may fall. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MIN_LOT_WINDOW = 259200;

/** Smallest principal, in micro-USDC. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MIN_PRINCIPAL = 1000000n;

/** Lowest start price of a lot, in basis points of the price the loan paid per unit. The loosest bounds that a market for real money may have. */
export const TERM_BOUNDS_PRODUCTION_MIN_START_PRICE_BPS = 5000;

/** The fewest units that stay frozen: where a payment has thawed some meanwhile, fewer are thawed. Every frozen unit. */
export const THAW_BOUNDS_ALL_KEEP = 0n;

/** The most units to thaw. Every frozen unit. */
export const THAW_BOUNDS_ALL_MOST = 18446744073709551615n;

/** The fewest units; 0 counts as 1. All units there are, and at least one. */
export const UNIT_BOUNDS_ALL_LEAST = 1n;

/** The most units. All units there are, and at least one. */
export const UNIT_BOUNDS_ALL_MOST = 18446744073709551615n;
