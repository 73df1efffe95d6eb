// Installs this package into the node_modules of others as npm would from the registry: the files that it publishes, alone.
//
// usage: node scripts/install.js FOLDER...
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('..', import.meta.url));
const [{ filename }] = JSON.parse(
  execFileSync('npm', ['pack', '--json', '--loglevel=error'], { cwd: here }).toString(),
);
const archive = join(here, filename);
for (const folder of process.argv.slice(2)) {
  const target = join(resolve(folder), 'node_modules/@blockable/client');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', archive, '-C', target, '--strip-components=1']);
}
rmSync(archive);
