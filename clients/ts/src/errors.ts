// The program's errors with their texts, in production bundles too.

import { ERROR_TABLE, FIRST_ERROR_CODE } from './generated/errorTable.js';
import type { BlockableErrorName } from './refusal.js';

/** An error of the program. */
export type BlockableErrorEntry = {
  /** The custom error code in a transaction's result. */
  code: number;
  /** The name, as in the IDL. */
  name: BlockableErrorName;
  /** The text for people: what failed, and what to do. */
  text: string;
};

/** Every error of the program, in the order of their codes. */
export function allErrors(): readonly BlockableErrorEntry[] {
  return ERROR_TABLE.map(([name, text], place) => ({ code: FIRST_ERROR_CODE + place, name, text }));
}

/** Finds the error with a code; undefined for a code that is not this program's. */
export function errorFromCode(code: number): BlockableErrorEntry | undefined {
  const row = ERROR_TABLE[code - FIRST_ERROR_CODE];
  return row && { code, name: row[0], text: row[1] };
}

/** Finds the error with a name. */
export function describeError(name: BlockableErrorName): BlockableErrorEntry {
  const place = ERROR_TABLE.findIndex((row) => row[0] === name);
  const row = ERROR_TABLE[place];
  if (row === undefined) throw new RangeError(`no error of the program is named ${name}`);
  return { code: FIRST_ERROR_CODE + place, name, text: row[1] };
}

/** The program's error in a transaction's error, and the instruction that failed. */
export type ProgramFailure = { instruction: number; error: BlockableErrorEntry };

/**
 * Finds the program's error in a failure: in the `err` of a transaction's result as a node gives it, or in an error that
 * Kit has thrown. Undefined for every other failure.
 */
export function programFailure(failure: unknown): ProgramFailure | undefined {
  return fromResult(failure) ?? fromThrown(failure);
}

function fromResult(failure: unknown): ProgramFailure | undefined {
  if (!isObject(failure) || !Array.isArray(failure['InstructionError'])) return undefined;
  const [instruction, reason]: unknown[] = failure['InstructionError'];
  if (!isObject(reason)) return undefined;
  return found(instruction, reason['Custom']);
}

/** Kit's errors carry the code and the instruction's index in their context, or in that of their cause. */
function fromThrown(failure: unknown): ProgramFailure | undefined {
  for (let error = failure, depth = 0; isObject(error) && depth < 8; error = error['cause'], depth += 1) {
    const context = error['context'];
    if (isObject(context) && context['code'] !== undefined) {
      const failed = found(context['index'] ?? 0, context['code']);
      if (failed) return failed;
    }
  }
  return undefined;
}

function found(instruction: unknown, code: unknown): ProgramFailure | undefined {
  if (typeof code !== 'number' && typeof code !== 'bigint') return undefined;
  const error = errorFromCode(Number(code));
  return error && { instruction: Number(instruction), error };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
