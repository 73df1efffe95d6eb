// Writes the TypeScript of the documentation into examples/, where the tests compile and run it. A block is taken when the
// line above its fence is <!-- client: NAME -->.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PAGES = ['docs/integrator.md', 'clients/ts/README.md'];
const root = fileURLToPath(new URL('../../..', import.meta.url));
const target = fileURLToPath(new URL('../examples/', import.meta.url));

rmSync(target, { recursive: true, force: true });
mkdirSync(target);
for (const page of PAGES) {
  const text = readFileSync(root + page, 'utf8');
  const blocks = [...text.matchAll(/^<!-- client: (\w+) -->\n```ts\n(.*?)^```$/gms)];
  if (blocks.length === 0) throw new Error(`${page} has no example`);
  for (const [, name, code] of blocks) writeFileSync(`${target}${name}.ts`, code);
}
