// Removes what an earlier build has left, so that the package has no file without a source.
import { rmSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
