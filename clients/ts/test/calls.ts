// Reads a call of the Rust SDK, and builds it again by this client with every account left out that has a default.

import assert from 'node:assert/strict';
import {
  type AccountMeta,
  type Address,
  type Instruction,
  type InstructionWithAccounts,
  type InstructionWithData,
  type ReadonlyUint8Array,
  AccountRole,
  address,
  createNoopSigner,
} from '@solana/kit';
import * as client from '../src/index.js';
import type { CallLine } from './oracle.js';

type Call = Instruction & InstructionWithAccounts<readonly AccountMeta[]> & InstructionWithData<ReadonlyUint8Array>;
type Build = (input: Record<string, unknown>) => Call | Promise<Call>;

const DEFAULTS = ['eventAuthority', 'program', 'systemProgram', 'slotHashes', 'vault'];
const OWN_DEFAULTS: Record<string, string> = {
  credit_offer: 'credit',
  market_create: 'market',
  provider_register: 'provider',
};

function role(isSigner: boolean, isWritable: boolean): AccountRole {
  if (isSigner) return isWritable ? AccountRole.WRITABLE_SIGNER : AccountRole.READONLY_SIGNER;
  return isWritable ? AccountRole.WRITABLE : AccountRole.READONLY;
}

/** A name in the program's style, in that of the client's types. */
export function pascalCase(name: string): string {
  return name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
}

/** The function that builds an instruction, the one that fills in addresses where there are two. */
function builder(name: string): Build {
  const pascal = pascalCase(name);
  const functions: Record<string, unknown> = { ...client };
  const build = functions[`get${pascal}InstructionAsync`] ?? functions[`get${pascal}Instruction`];
  if (typeof build !== 'function') throw new Error(`no function builds ${name}`);
  return build as Build;
}

/** Builds the instruction of a line again, from what is decoded of it. */
export async function rebuilt(line: CallLine): Promise<Call> {
  const given = {
    programAddress: address(line.program),
    accounts: line.accounts.map(([key, signs, writes]) => ({ address: address(key), role: role(signs, writes) })),
    data: Uint8Array.from(Buffer.from(line.data, 'hex')),
  };
  const parsed = client.parseBlockableCreditsInstruction(given);
  const names = line.name.replace(/_for_.*/, '');
  const left = [...DEFAULTS, OWN_DEFAULTS[names] ?? ''];
  const accounts = Object.entries(parsed.accounts as Record<string, AccountMeta | undefined>)
    .filter(([name, meta]) => meta !== undefined && !left.includes(name))
    .map(([name, meta]) => [name, signerOrKey(meta as AccountMeta)] as const);
  const { discriminator: _, ...fields } = parsed.data as { discriminator: ReadonlyUint8Array } & Record<
    string,
    unknown
  >;
  if (names !== 'usage_meter') return builder(names)({ ...Object.fromEntries(accounts), ...fields });
  const credits: Address[] = given.accounts.slice(4).map((meta) => meta.address);
  const { market, provider } = Object.fromEntries(accounts) as Record<string, Address>;
  const { chunk, reports } = parsed.data as client.UsageMeterInstructionData;
  assert(market !== undefined && provider !== undefined);
  return client.getMeterCreditsInstruction({ market, provider, chunk, reports, credits });
}

function signerOrKey(meta: AccountMeta) {
  return meta.role >= AccountRole.READONLY_SIGNER ? createNoopSigner(meta.address) : meta.address;
}
