// Checks a built page: the first view's weight, and that its HTML has no script or style of its own, which the keeper's content security
// policy would refuse.
//
// usage: node scripts/size.js FOLDER
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const MOST = 180_000;

const folder = process.argv[2] ?? '../page';
const html = readFileSync(join(folder, 'index.html'), 'utf8');
const compressed = (file) => gzipSync(readFileSync(join(folder, file)), { level: 9 }).length;

// What a browser fetches before it shows the portfolio: all that the HTML names, and all that those files import statically.
const wanted = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file]) => file);
const first = new Set(['index.html']);
for (let file = wanted.pop(); file !== undefined; file = wanted.pop()) {
  if (first.has(file)) continue;
  first.add(file);
  if (!file.endsWith('.js')) continue;
  const code = readFileSync(join(folder, file), 'utf8');
  for (const [, imported] of code.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) wanted.push(`assets/${imported}`);
}
const bytes = [...first].reduce((sum, file) => sum + compressed(file), 0);
console.log(`first view: ${bytes} bytes compressed in ${first.size} files, at most ${MOST}`);
for (const file of readdirSync(join(folder, 'assets')).sort())
  console.log(`  ${file}: ${compressed(`assets/${file}`)}`);
if (first.size < 3) fail('the first view was not found in index.html');
if (bytes > MOST) fail('the first view is too heavy');
if (/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=/.test(html))
  fail('index.html has a script or style of its own');

function fail(reason) {
  console.error(`error: ${reason}`);
  process.exitCode = 1;
}
