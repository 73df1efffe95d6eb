// Adds to the tree of the IDL what docs/encodings.md says beyond it, and takes away what this client does otherwise.
import {
  accountValueNode,
  argumentValueNode,
  constantPdaSeedNodeFromString,
  definedTypeNode,
  numberTypeNode,
  pdaLinkNode,
  pdaNode,
  pdaSeedValueNode,
  pdaValueNode,
  programNode,
  publicKeyTypeNode,
  rootNode,
  structTypeNode,
  variablePdaSeedNode,
} from '@codama/nodes';

const text = (word) => constantPdaSeedNodeFromString('utf8', word);
const key = (name) => variablePdaSeedNode(name, publicKeyTypeNode());
const number = (name, format) => variablePdaSeedNode(name, numberTypeNode(format));

const pdas = [
  pdaNode({ name: 'market', seeds: [text('market'), number('id', 'u64')] }),
  pdaNode({ name: 'provider', seeds: [text('provider'), key('market'), key('authority')] }),
  pdaNode({
    name: 'credit',
    seeds: [text('credit'), key('market'), key('lender'), key('borrower'), number('nonce', 'u64')],
  }),
  pdaNode({ name: 'vault', seeds: [text('vault'), key('credit')] }),
  pdaNode({ name: 'lot', seeds: [text('lot'), key('credit'), number('index', 'u32')] }),
];

const fromAccount = (name) => pdaSeedValueNode(name, accountValueNode(name));
const fromArgument = (name) => pdaSeedValueNode(name, argumentValueNode(name));
const vault = pdaValueNode(pdaLinkNode('vault'), [fromAccount('credit')]);
const defaults = {
  marketCreate: { market: pdaValueNode(pdaLinkNode('market'), [fromArgument('id')]) },
  creditOffer: {
    credit: pdaValueNode(pdaLinkNode('credit'), [
      fromAccount('market'),
      fromAccount('lender'),
      fromAccount('borrower'),
      fromArgument('nonce'),
    ]),
  },
};

function withDefaults(instruction) {
  const accounts = instruction.accounts.map((account) => {
    const chosen = defaults[instruction.name]?.[account.name] ?? (account.name === 'vault' ? vault : undefined);
    if (chosen) return { ...account, defaultValue: chosen };
    // A market has a token program of its own: there is no common one.
    if (account.name === 'tokenProgram') return { ...account, defaultValue: undefined };
    return account;
  });
  return { ...instruction, accounts };
}

/** Events as types, without the first eight bytes that src/events reads itself. */
function eventTypes(program) {
  return program.events.map((event) => {
    const struct = event.data.kind === 'structTypeNode' ? event.data : event.data.type;
    const fields = struct.fields.filter((field) => field.name !== 'discriminator');
    return definedTypeNode({ name: event.name, docs: event.docs, type: structTypeNode(fields) });
  });
}

/** The tree that the client is rendered from. Errors have a table of their own, with texts in production too. */
export function refine(root) {
  const program = root.program;
  return rootNode(
    programNode({
      ...program,
      pdas,
      errors: [],
      events: [],
      instructions: program.instructions.map(withDefaults),
      definedTypes: [...program.definedTypes, ...eventTypes(program)],
    }),
  );
}
