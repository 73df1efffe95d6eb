// An act as it would be signed: what the program says of it, its instructions, and what a signature cannot undo.

import type { Verdict } from '@blockable/client';
import { wordsOfError } from '@blockable/client/words';
import type { Address, Instruction } from '@solana/kit';
import type { ActKind } from './flight.js';

/** An act, ready to be simulated and signed. */
export type Plan = {
  kind: ActKind;
  /** The account that it acts on. */
  subject: Address;
  /** What it does, in a line with its amounts: it names the act in the list of what was signed. */
  title: string;
  /** The word on the button. */
  verb: string;
  verdict: Verdict<unknown>;
  build: () => Promise<readonly Instruction[]>;
  /** What a signature cannot undo, in a sentence. */
  undo: string;
  /** True where the button is that of a step against the borrower. */
  isAdverse: boolean;
};

/** Why the program refuses an act now; undefined where it accepts it. */
export function denialOf(verdict: Verdict<unknown>): Denial | undefined {
  return verdict.ok ? undefined : { ...wordsOfError(verdict.reason), from: verdict.from };
}

/** A refusal: what is so, what to do, and the chain's time from which it may be otherwise. */
export type Denial = { happened: string; advice: string; from: bigint | undefined };
