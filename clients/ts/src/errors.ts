// The program's errors with their texts, in production bundles too.

import { type Address, SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM } from '@solana/kit';
import { ERROR_TABLE, FIRST_ERROR_CODE } from './generated/errorTable.js';
import { BLOCKABLE_CREDITS_PROGRAM_ADDRESS } from './generated/programs/blockableCredits.js';
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
 * Evidence of which program has failed. Every program counts its errors from 6000, and wallets add instructions of others to
 * what they sign: without evidence a code says nothing.
 */
export type FailureEvidence = {
  /** The programs of the instructions as they were sent: `programsOf` of the signed transaction. */
  programs?: readonly Address[];
  /** The log of the transaction: it names the program also where another one has called it. */
  logs?: readonly string[] | null;
};

/**
 * Finds the program's error in a failure: in the `err` of a transaction's result as a node gives it, or in an error that Kit
 * has thrown, whose log counts as evidence as well. Undefined for every other failure, and for an error of another program.
 */
export function programFailure(failure: unknown, evidence: FailureEvidence): ProgramFailure | undefined {
  const custom = fromResult(failure) ?? fromThrown(failure);
  if (custom === undefined) return undefined;
  const { instruction, code } = custom;
  const failed = failedProgram(evidence.logs ?? custom.logs) ?? evidence.programs?.[instruction];
  if (failed !== BLOCKABLE_CREDITS_PROGRAM_ADDRESS) return undefined;
  const error = errorFromCode(code);
  return error && { instruction, error };
}

type CustomError = { instruction: number; code: number; logs?: readonly string[] };

function fromResult(failure: unknown): CustomError | undefined {
  const failed = own(failure, 'InstructionError');
  if (!Array.isArray(failed)) return undefined;
  return customError(failed[0], own(failed[1], 'Custom'));
}

/** Kit's error for a custom code has code and instruction in its context, and one of its outer errors has the log. */
function fromThrown(failure: unknown): CustomError | undefined {
  let logs: readonly string[] | undefined;
  for (let error = failure, depth = 0; isObject(error) && depth < MOST_CAUSES; error = error['cause'], depth += 1) {
    const context = own(error, 'context');
    logs = linesOf(own(context, 'logs')) ?? logs;
    if (own(context, '__code') === SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM) {
      const custom = customError(own(context, 'index'), own(context, 'code'));
      return custom && { ...custom, logs };
    }
  }
  return undefined;
}

const MOST_CAUSES = 8;

function customError(instruction: unknown, code: unknown): CustomError | undefined {
  const [place, number] = [integer(instruction), integer(code)];
  return place === undefined || number === undefined ? undefined : { instruction: place, code: number };
}

/** The innermost program that has failed, by the lines that the runtime writes: what programs log begins otherwise. */
function failedProgram(logs: readonly string[] | null | undefined): string | undefined {
  for (const line of logs ?? []) {
    const found = /^Program (\S+) failed: custom program error: /.exec(line);
    if (found) return found[1];
  }
  return undefined;
}

function integer(value: unknown): number | undefined {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

function linesOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((line) => typeof line === 'string') ? value : undefined;
}

/** A property of a value's own: what a prototype has is nobody's answer. */
function own(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
