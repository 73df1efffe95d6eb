// Measures what this client adds to a page: bundled with Kit as Vite does it, minified and compressed. Fails above a limit.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const LIMITS = [
  { name: 'a signed freeze', entry: 'size/freeze.ts', most: 20_000 },
  // A page takes a part of it: the permissions of all thirty acts, for one, are 3.5 kB of this.
  { name: 'the whole client', entry: 'size/whole.ts', most: 50_000 },
  { name: "the errors in people's words", entry: 'src/words.ts', most: 10_000 },
];

async function compressed(entry) {
  const bundle = await rolldown({
    input: fileURLToPath(new URL(`../${entry}`, import.meta.url)),
    platform: 'browser',
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  return gzipSync(output[0].code, { level: 9 }).length;
}

for (const { name, entry, most } of LIMITS) {
  const bytes = await compressed(entry);
  console.log(`${name}: ${bytes} bytes compressed, at most ${most}`);
  if (bytes > most) process.exitCode = 1;
}
