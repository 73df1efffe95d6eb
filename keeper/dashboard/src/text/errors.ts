// Errors in people's words: what failed, why, what to do.

import { type BlockableErrorName, RefusedError, programFailure } from '@blockable/client';
import { wordsOfError } from '@blockable/client/words';
import { KeeperDownError, KeeperRefusedError } from '../data/keeper/http.js';
import { NodesDownError } from '../data/chain/nodes.js';

/** The text of an error, whatever it is. */
export function errorText(error: unknown): string {
  if (error instanceof RefusedError) return refusalText(error.refusal);
  const failure = programFailure(error, {});
  if (failure) return refusalText(failure.error.name);
  if (error instanceof NodesDownError)
    return `No node answers (${error.reasons.join('; ')}). Check your connection; the page goes on trying.`;
  if (error instanceof KeeperDownError) return sentence(error.message);
  if (error instanceof KeeperRefusedError) {
    const wait = error.retryAfter === undefined ? '' : ` Try again in ${error.retryAfter} s.`;
    return sentence(error.message) + wait;
  }
  if (isWalletRefusal(error)) return 'The wallet refused: nothing was signed and nothing was sent.';
  return error instanceof Error ? sentence(error.message) : 'An unknown error.';
}

/** An error of the program in people's words: what happened, and what to do. */
export function refusalText(name: BlockableErrorName): string {
  const { happened, advice } = wordsOfError(name);
  return `${happened} ${advice}`;
}

/** Returns true where the person at the wallet has said no. */
export function isWalletRefusal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, message, name } = error as { code?: unknown; message?: unknown; name?: unknown };
  if (code === 4001) return true;
  return /reject|denied|declin|cancell?ed by/i.test(`${String(name ?? '')} ${String(message ?? '')}`);
}

/** Writes a lower-case fragment as a sentence. */
export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
