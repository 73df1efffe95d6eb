// Errors in people's words: what happened, and what to do. Apart from the rest, as `@blockable/client/words`, so that a page can
// load the texts when it needs them.

import { GATE_WORDS, PROGRAM_WORDS } from './generated/errorWords.js';
import type { BlockableErrorName } from './refusal.js';

/** An error as a person reads it: whole sentences. */
export type Words = {
  /** What happened. */
  happened: string;
  /** What to do. */
  advice: string;
};

/** A code in the answer of a provider's gate: to a freeze that it was shown, or to a request that spends units. */
export type GateCode = keyof typeof GATE_WORDS;

/** An error of the program in people's words. */
export function wordsOfError(name: BlockableErrorName): Words {
  const [happened, advice] = PROGRAM_WORDS[name];
  return { happened, advice };
}

/** A code of a gate in people's words; undefined for a code that this version does not know. */
export function wordsOfGate(code: string): Words | undefined {
  if (!Object.hasOwn(GATE_WORDS, code)) return undefined;
  const [happened, advice] = GATE_WORDS[code as GateCode];
  return { happened, advice };
}

/** All codes of gates that have words. */
export const gateCodes = (): readonly GateCode[] => Object.keys(GATE_WORDS) as GateCode[];
