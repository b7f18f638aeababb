/** The versions of Node.js that scripts/runtimes.mjs has fetched. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodeRuntimes } from '../../scripts/runtimes.mjs';

const installed = fileURLToPath(new URL('../../.cache/runtimes/installed.json', import.meta.url));

/** The path of the Node.js of this major version, if it is at hand; fetching is for the set-up. */
export function findNode(major: number): string | undefined {
  if (!existsSync(installed)) return undefined;
  return nodeRuntimes().find((runtime) => runtime.major === major)?.path;
}
