// Writes src/generated from the program's IDL and the errors in people's words, or with --check compares it with what the IDL gives today.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rootNodeFromAnchor } from '@codama/nodes-from-anchor';
import { renderVisitor } from '@codama/renderers-js';
import { visit } from '@codama/visitors-core';
import { format } from 'prettier';
import { refine } from './refine.js';
import { tables, words } from './tables.js';

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(here, '../src/generated');
const idlPath = resolve(here, '../../../app-idl/blockable_credits.json');
const wordsPath = resolve(here, '../../words.json');
const style = { parser: 'typescript', printWidth: 120, singleQuote: true };
/** The encoders that this package has in the place of Kit's. */
const ENCODERS = [
  'fixEncoderSize',
  'getBooleanEncoder',
  'getI64Encoder',
  'getU8Encoder',
  'getU16Encoder',
  'getU32Encoder',
  'getU64Encoder',
];
const header = '// Written by scripts/build-client from the IDL. Do not edit.\n\n';

/** All files below a folder, as paths relative to it, in order. */
function files(folder, within = folder) {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? files(path, within) : [relative(within, path)];
    });
}

/** Has `decode...` refuse accounts of other owners and other types. */
function guardAccounts(text) {
  return text.replace(
    /return decodeAccount\((encodedAccount as \w+<TAddress>), get(\w+)Decoder\(\)\);/,
    (_, account, type) => {
      const first = `${type.replace(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase()}_DISCRIMINATOR`;
      return `return decodeAccount(requireAccount(${account}, '${type.toLowerCase()}', ${first}), get${type}Decoder());`;
    },
  );
}

/** Takes names from a file of this package where Kit has them too, or from one that the text uses without an import. */
function importFrom(text, file, depth, names) {
  const used = names.filter((name) => new RegExp(`\\b${name}\\(`).test(text));
  if (used.length === 0) return text;
  const without = used.reduce((rest, name) => rest.replace(new RegExp(`^  ${name},\n`, 'm'), ''), text);
  const line = `import { ${used.join(', ')} } from '${'../'.repeat(depth)}${file}';\n`;
  return without.replace(/^import /m, `${line}import `);
}

/** Makes relative imports name files, as ES modules require, drops Codama's notes to itself, and adds the checks of this package. */
async function finish(folder) {
  for (const name of files(folder)) {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8').replace(/(from ['"])(\.[^'"]*)(['"])/g, (_, before, specifier, after) => {
      const imported = resolve(dirname(path), specifier);
      const named = existsSync(`${imported}.ts`) ? `${specifier}.js` : `${specifier.replace(/\/$/, '')}/index.js`;
      return before + named + after;
    });
    const depth = name.split('/').length;
    let finished = guardAccounts(text.replace(/^\s*\/\/ TODO.*\n/gm, ''));
    finished = importFrom(finished, 'account.js', depth, ['requireAccount']);
    finished = importFrom(finished, 'encoders.js', depth, ENCODERS);
    writeFileSync(path, await format(finished, style));
  }
}

async function render(folder) {
  const idl = JSON.parse(readFileSync(idlPath, 'utf8'));
  const root = refine(rootNodeFromAnchor(idl), idl);
  const options = { prettierOptions: style, syncPackageJson: false, deleteFolderBeforeRendering: false };
  await visit(root, renderVisitor(folder, options));
  for (const [name, text] of Object.entries(tables(idl))) {
    writeFileSync(join(folder, name), await format(header + text, style));
  }
  const index = join(folder, 'index.ts');
  const exported = Object.keys(tables(idl)).map((name) => `export * from './${name.replace(/\.ts$/, '')}';\n`);
  writeFileSync(index, readFileSync(index, 'utf8') + exported.join(''));
  await finish(folder);
  // Not in the index: a page loads the texts when it needs them.
  const texts = words(idl, JSON.parse(readFileSync(wordsPath, 'utf8')));
  writeFileSync(join(folder, 'errorWords.ts'), await format(header + texts, style));
}

/** The files that differ between two folders. */
function differences(one, other) {
  const read = (folder, name) =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined;
  const names = new Set([...files(one), ...files(other)]);
  return [...names].filter((name) => read(one, name) !== read(other, name));
}

if (process.argv.includes('--check')) {
  const fresh = mkdtempSync(join(tmpdir(), 'blockable-client-'));
  await render(fresh);
  const differing = differences(fresh, target);
  rmSync(fresh, { recursive: true });
  if (differing.length > 0) {
    console.error(`src/generated is not what the IDL gives: run scripts/build-client\n  ${differing.join('\n  ')}`);
    process.exit(1);
  }
  console.log('src/generated is what the IDL gives');
} else {
  rmSync(target, { recursive: true, force: true });
  await render(target);
  console.log(`${files(target).length} files in ${relative(process.cwd(), target)}`);
}
