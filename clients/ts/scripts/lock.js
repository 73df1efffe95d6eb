// Checks lock files: every package has a license that fits Apache-2.0, a hash, and no address but the public registry's.
//
// usage: node scripts/lock.js FOLDER...
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENSES = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'Public Domain']);
// Asks for the source of its own files alone. Tools that are used unchanged and are no part of what is published may have it.
const LICENSES_OF_TOOLS = new Set(['MPL-2.0']);
const REGISTRY = 'https://registry.npmjs.org/';

for (const folder of process.argv.slice(2)) {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  const wrong = Object.entries(packages).flatMap(([path, { license, integrity, resolved, dev }]) => {
    const found = [];
    const fits = LICENSES.has(license) || (dev === true && LICENSES_OF_TOOLS.has(license));
    if (!fits) found.push(`the license ${license} is not among those allowed`);
    if (path !== '' && !integrity) found.push('it has no hash');
    if (resolved && !resolved.startsWith(REGISTRY)) found.push('it comes from elsewhere than the public registry');
    return found.map((what) => `${join(folder, path)}: ${what}`);
  });
  wrong.forEach((line) => console.error(line));
  if (wrong.length > 0) process.exitCode = 1;
}
