// The mint of the payment token, and wallets with money in it.

import { getCreateAccountInstruction } from '@solana-program/system';
import { lamports } from '@solana/kit';
import {
  TOKEN_PROGRAM_ADDRESS,
  getCreateAssociatedTokenIdempotentInstruction,
  getInitializeMint2Instruction,
  getMintSize,
  getMintToInstruction,
} from '@solana-program/token';
import { type Name, USDC } from './parties.js';
import type { World } from './world.js';

const RICH: readonly Name[] = ['lender', 'borrower', 'buyer', 'stranger'];
const POOR: readonly Name[] = ['provider', 'treasury'];

/** Rent of a byte, and of each of an account's 128 bytes besides its data. */
const LAMPORTS_PER_BYTE = 6_960n;

/** Creates the mint, and a wallet each with a million dollars or none. */
export async function fund(world: World): Promise<void> {
  const { payer, mint } = world.parties;
  const space = getMintSize();
  await world.sent(
    getCreateAccountInstruction({
      payer,
      newAccount: mint,
      lamports: lamports((BigInt(space) + 128n) * LAMPORTS_PER_BYTE),
      space,
      programAddress: TOKEN_PROGRAM_ADDRESS,
    }),
    getInitializeMint2Instruction({ mint: mint.address, decimals: 6, mintAuthority: payer.address }),
  );
  for (const name of [...RICH, ...POOR]) {
    const [owner, ata] = [world.parties[name].address, world.wallets[name]];
    const create = getCreateAssociatedTokenIdempotentInstruction({ payer, owner, mint: mint.address, ata });
    const amount = RICH.includes(name) ? 1_000_000n * USDC : 0n;
    await world.sent(create, getMintToInstruction({ mint: mint.address, token: ata, mintAuthority: payer, amount }));
  }
}
