// Reads the JSON of the keeper's API. It is checked where it comes in, so that the rest of the page has types that hold.

import { type Address, isAddress } from '@solana/kit';

/** An answer of the keeper that is not what docs/operator-reference.md describes. */
export class AnswerError extends Error {}

/** A JSON object. */
export type Json = Record<string, unknown>;

/** Requires an object. */
export function object(value: unknown, name: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new AnswerError(`the keeper’s answer has no ${name}`);
}

/** Requires a list. */
export function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new AnswerError(`the keeper’s answer has no list ${name}`);
}

/** Requires a text. */
export function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new AnswerError(`${name} of the keeper’s answer is no text`);
}

/** Requires an address. */
export function address(value: unknown, name: string): Address {
  const found = text(value, name);
  if (isAddress(found)) return found;
  throw new AnswerError(`${name} of the keeper’s answer is no address`);
}

/** Requires an amount: digits as text, or a whole number. */
export function amount(value: unknown, name: string): bigint {
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  throw new AnswerError(`${name} of the keeper’s answer is no amount`);
}

/** An amount that may be missing. */
export function optionalAmount(value: unknown, name: string): bigint | undefined {
  return value === undefined || value === null ? undefined : amount(value, name);
}

/** A number that may be missing. */
export function optionalNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Requires a time, `{"text", "unix"}`. */
export function time(value: unknown, name: string): bigint {
  return amount(object(value, name)['unix'], name);
}

/** A time that may be missing. */
export function optionalTime(value: unknown, name: string): bigint | undefined {
  return value === undefined || value === null ? undefined : time(value, name);
}
