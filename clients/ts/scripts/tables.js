// Tables that Codama does not render: errors, constants, and the first bytes of events.

const BIG = new Set(['u64', 'i64', 'u128', 'i128']);

function errors(idl) {
  const rows = idl.errors.map(({ name, msg }, place) => {
    if (idl.errors[place].code !== idl.errors[0].code + place) throw new Error(`the code of ${name} leaves a gap`);
    return `[${JSON.stringify(name)}, ${JSON.stringify(msg)}],`;
  });
  return `/** The code of the first error; each further one is one higher. */
export const FIRST_ERROR_CODE = ${idl.errors[0].code};

/** Name and text of every error of the program, in the order of their codes. */
export const ERROR_TABLE = [${rows.join('\n')}] as const;
`;
}

function constants(idl) {
  return idl.constants
    .map(({ name, docs, type, value }) => {
      const doc = (docs ?? []).join(' ').replace(/\*\//g, '');
      const comment = doc ? `/** ${doc} */\n` : '';
      if (type === 'bytes') return `${comment}export const ${name} = /* @__PURE__ */ new Uint8Array(${value});`;
      if (type === 'pubkey') return `${comment}export const ${name} = ${JSON.stringify(value)} as Address;`;
      return `${comment}export const ${name} = ${value}${BIG.has(type) ? 'n' : ''};`;
    })
    .join('\n\n');
}

function events(idl) {
  const rows = idl.events.map(({ name, discriminator }) => `${name}: ${JSON.stringify(discriminator)},`);
  return `/** The first eight bytes of each event, behind the tag of all events. */
export const EVENT_DISCRIMINATORS = {${rows.join('\n')}} as const;
`;
}

/** Files by their names. */
export function tables(idl) {
  return {
    'errorTable.ts': errors(idl),
    'constants.ts': `import type { Address } from '@solana/kit';\n\n${constants(idl)}\n`,
    'eventDiscriminators.ts': events(idl),
  };
}

/** The errors in people's words, from clients/words.json. Fails where an error of the program has none, or a text has none of them. */
export function words(idl, texts) {
  const names = idl.errors.map(({ name }) => name);
  const missing = names.filter((name) => !Object.hasOwn(texts.program, name));
  const unknown = Object.keys(texts.program).filter((name) => !names.includes(name));
  if (missing.length > 0 || unknown.length > 0) {
    throw new Error(`clients/words.json: ${JSON.stringify({ missing, unknown })}`);
  }
  const table = (entries) => entries.map(([name, pair]) => `${name}: ${JSON.stringify(pair)},`).join('\n');
  const program = names.map((name) => [name, texts.program[name]]);
  return `import type { BlockableErrorName } from '../refusal.js';

/** For every error of the program: what happened, and what to do. */
export const PROGRAM_WORDS: Readonly<Record<BlockableErrorName, readonly [string, string]>> = {${table(program)}};

/** For every code of a provider's gate: what happened, and what to do. */
export const GATE_WORDS = {${table(Object.entries(texts.gate))}} as const;
`;
}
