// Makes examples.json: proposals as Squads' own client encodes them, and accounts as its IDL lays them out. The tests of the SDK compare
// their own bytes with these. Run again only for another version of the client: npm ci && npm run make
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const squads = require('@sqds/multisig');
const { PublicKey, TransactionMessage } = require('@solana/web3.js');

const key = (byte) => new PublicKey(new Uint8Array(32).fill(byte));
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const meta = (pubkey, isSigner, isWritable) => ({ pubkey, isSigner, isWritable });

// The vault signs only; the vault is also written; several instructions share keys; one key is read first and written later.
const CASES = [
  {
    name: 'the vault signs and is read',
    vaultIndex: 0,
    number: 1n,
    calls: (vault) => [{ programId: key(70), keys: [meta(vault, true, false), meta(key(9), false, true)], data: [5, 6] }],
  },
  {
    name: 'the vault pays, with a memo',
    vaultIndex: 3,
    number: 258n,
    memo: 'freeze: 2 of 3',
    rentPayer: key(4),
    calls: (vault) => [
      {
        programId: key(70),
        keys: [meta(key(21), false, false), meta(key(20), false, true), meta(vault, true, true), meta(key(19), false, false)],
        data: [...new Uint8Array(300).keys()].map((byte) => byte % 251),
      },
    ],
  },
  {
    name: 'several instructions share keys',
    vaultIndex: 0,
    number: 9_007_199_254_740_991n,
    calls: (vault) => [
      { programId: key(70), keys: [meta(vault, true, false), meta(key(30), false, false), meta(key(31), false, true)], data: [] },
      { programId: key(71), keys: [meta(key(30), false, true), meta(vault, false, false), meta(key(70), false, false)], data: [1] },
      { programId: key(70), keys: [meta(vault, true, false), meta(key(31), false, false), meta(key(5), false, false)], data: [2, 0] },
    ],
  },
];

const shown = (instruction) => ({
  program: instruction.programId.toBase58(),
  accounts: instruction.keys.map((used) => ({ key: used.pubkey.toBase58(), signs: used.isSigner, written: used.isWritable })),
  data: hex(instruction.data),
});

function example({ name, vaultIndex, number, memo, rentPayer, calls }) {
  const [createKey, member] = [key(1), key(2)];
  const [multisigPda] = squads.getMultisigPda({ createKey });
  const [vault] = squads.getVaultPda({ multisigPda, index: vaultIndex });
  const [transaction] = squads.getTransactionPda({ multisigPda, index: number });
  const [proposal] = squads.getProposalPda({ multisigPda, transactionIndex: number });
  const proposed = calls(vault).map((call) => ({ ...call, data: Buffer.from(call.data) }));
  const message = new TransactionMessage({ payerKey: vault, recentBlockhash: key(0).toBase58(), instructions: proposed });
  const of = { multisigPda, transactionIndex: number, creator: member, rentPayer };
  const create = squads.instructions.vaultTransactionCreate({ ...of, vaultIndex, ephemeralSigners: 0, transactionMessage: message, memo });
  const open = squads.instructions.proposalCreate(of);
  const approve = squads.instructions.proposalApprove({ multisigPda, transactionIndex: number, member });
  const stored = storedTransaction({ multisigPda, member, number, vaultIndex, message: squads.utils.transactionMessageToMultisigTransactionMessageBytes({ message, vaultPda: vault }) });
  return {
    name,
    create_key: createKey.toBase58(),
    member: member.toBase58(),
    rent_payer: (rentPayer ?? member).toBase58(),
    vault_index: vaultIndex,
    number: number.toString(),
    memo: memo ?? null,
    proposed: proposed.map(shown),
    multisig: multisigPda.toBase58(),
    vault: vault.toBase58(),
    transaction: transaction.toBase58(),
    proposal: proposal.toBase58(),
    create: shown(create),
    open: shown(open),
    approve: shown(approve),
    stored: hex(stored),
  };
}

// The account that the program makes of a message.
function storedTransaction({ multisigPda, member, number, vaultIndex, message }) {
  const [read] = squads.types.transactionMessageBeet.deserialize(Buffer.from(message));
  const [bytes] = squads.accounts.VaultTransaction.fromArgs({
    multisig: multisigPda,
    creator: member,
    index: number,
    bump: 255,
    vaultIndex,
    vaultBump: 254,
    ephemeralSignerBumps: new Uint8Array(0),
    message: {
      ...read,
      instructions: read.instructions.map((call) => ({
        programIdIndex: call.programIdIndex,
        accountIndexes: Uint8Array.from(call.accountIndexes),
        data: Uint8Array.from(call.data),
      })),
    },
  }).serialize();
  return bytes;
}

const ACCOUNTS = {
  multisigs: [
    { threshold: 2, timeLock: 0, masks: [7, 7, 7], rentCollector: null },
    { threshold: 1, timeLock: 86_400, masks: [1, 2, 4], rentCollector: key(8) },
  ].map(({ threshold, timeLock, masks, rentCollector }) => {
    const members = masks.map((mask, place) => ({ key: key(40 + place), permissions: { mask } }));
    const of = { createKey: key(1), configAuthority: key(0), threshold, timeLock, transactionIndex: 7n, staleTransactionIndex: 3n };
    const [bytes] = squads.accounts.Multisig.fromArgs({ ...of, rentCollector, bump: 253, members }).serialize();
    return { threshold, time_lock: timeLock, masks, rent_collector: rentCollector?.toBase58() ?? null, bytes: hex(bytes) };
  }),
  votes: ['Draft', 'Active', 'Rejected', 'Approved', 'Executing', 'Executed', 'Cancelled'].map((status) => {
    const [multisig] = squads.getMultisigPda({ createKey: key(1) });
    const of = { multisig, transactionIndex: 8n, bump: 252, approved: [key(40), key(41)], rejected: [key(42)], cancelled: [] };
    const since = status === 'Executing' ? { __kind: status } : { __kind: status, timestamp: 1_780_000_000n };
    const [bytes] = squads.accounts.Proposal.fromArgs({ ...of, status: since }).serialize();
    return { status: status.toLowerCase(), bytes: hex(bytes) };
  }),
};

const version = require('@sqds/multisig/package.json').version;
const examples = { made_by: `@sqds/multisig ${version}`, proposals: CASES.map(example), ...ACCOUNTS };
fs.writeFileSync(path.join(__dirname, 'examples.json'), `${JSON.stringify(examples, null, 1)}\n`);
