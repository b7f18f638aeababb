/** The processes whose trees are meant. */
import { findByPidSync } from './find.js';
import type { Members } from './members.js';
import { ProcessTree } from './process_tree.js';
import { protectedPids, protectedProcess } from './protection.js';
import { checkTarget, type PidOrProcess } from './target.js';

/** One process or several. */
export type Roots = PidOrProcess | readonly PidOrProcess[];

/** The tree, without descendants so far. Throws for a protected root before it is done. */
export function treeOf(roots: Roots, members: Members, force: boolean): ProcessTree {
  const targets = (Array.isArray(roots) ? roots : [roots]).map(checkTarget);
  const guarded = force ? undefined : protectedPids();
  const tree = new ProcessTree(members);
  for (const { pid, id, exit } of targets) {
    if (exit !== undefined) continue;
    if (pid === process.pid) {
      tree.addOwnChildren();
      continue;
    }
    const found = findByPidSync(pid, { fields: ['id'] });
    if (found === undefined || (id !== undefined && found.id !== id)) continue;
    checkTarget(found); // below a /proc of another PID namespace, it is not who has this PID here
    if (guarded?.has(pid)) throw protectedProcess(pid);
    tree.addRoot(found);
  }
  return tree;
}
