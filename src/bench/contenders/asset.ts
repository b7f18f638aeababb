/** Files that are shipped beside the code. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where a file of this directory is: when built, in `bench/` beside the bundle. */
export function asset(name: string): string {
  const shipped = join(__dirname, 'bench', name);
  return existsSync(shipped) ? shipped : join(__dirname, name);
}
