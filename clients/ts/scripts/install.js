// Installs this package into another one's node_modules as npm would from the registry: the files that it publishes, alone.
//
// usage: node scripts/install.js FOLDER
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('..', import.meta.url));
const target = join(resolve(process.argv[2] ?? '.'), 'node_modules/@blockable/client');
const [{ filename }] = JSON.parse(
  execFileSync('npm', ['pack', '--json', '--loglevel=error'], { cwd: here }).toString(),
);
const archive = join(here, filename);
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
execFileSync('tar', ['-xzf', archive, '-C', target, '--strip-components=1']);
rmSync(archive);
