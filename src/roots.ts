/** The processes whose trees are meant. */
import { findByPidSync } from './find.js';
import { checkTarget } from './lifecycle.js';
import type { Members } from './members.js';
import { ProcessTree } from './process_tree.js';
import { protectedPids, protectedProcess } from './protection.js';

export type Root = number | { pid: number; id: string };

/** One process or several. */
export type Roots = Root | readonly Root[];

/** The tree, without descendants so far. Throws for a protected root before it is done. */
export function treeOf(roots: Roots, members: Members, force: boolean): ProcessTree {
  const targets = (Array.isArray(roots) ? roots : [roots]).map(checkTarget);
  const guarded = force ? undefined : protectedPids();
  const tree = new ProcessTree(members);
  for (const { pid, id } of targets) {
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
