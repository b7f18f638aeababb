/** The versions of Node.js that scripts/runtimes.mjs has fetched: for this machine, whatever runs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './platform.js';

/** The path of the Node.js of this major version, if it is at hand; fetching is for the set-up. */
export function findNode(major: number): string | undefined {
  const path = join(root, `.cache/runtimes/node_modules/node-${major}/bin/node`);
  return existsSync(path) ? path : undefined;
}
