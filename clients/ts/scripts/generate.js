// Writes src/generated from the program's IDL, or with --check compares it with what the IDL gives today.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rootNodeFromAnchor } from '@codama/nodes-from-anchor';
import { renderVisitor } from '@codama/renderers-js';
import { visit } from '@codama/visitors-core';
import { format } from 'prettier';
import { refine } from './refine.js';
import { tables } from './tables.js';

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(here, '../src/generated');
const idlPath = resolve(here, '../../../app-idl/blockable_credits.json');
const style = { parser: 'typescript', printWidth: 120, singleQuote: true };
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

/** Makes relative imports name files, as ES modules require, and drops the notes that Codama leaves for itself. */
function finish(folder) {
  for (const name of files(folder)) {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8').replace(/(from ['"])(\.[^'"]*)(['"])/g, (_, before, specifier, after) => {
      const imported = resolve(dirname(path), specifier);
      const named = existsSync(`${imported}.ts`) ? `${specifier}.js` : `${specifier.replace(/\/$/, '')}/index.js`;
      return before + named + after;
    });
    writeFileSync(path, text.replace(/^\s*\/\/ TODO.*\n/gm, ''));
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
  finish(folder);
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
