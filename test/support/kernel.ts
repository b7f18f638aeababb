/** What depends on the version of the kernel. */
import { release } from 'node:os';

/** Whether it tells how a process ended that is no child, once it is reaped: Linux 6.15. */
export const tellsExits = isSince(6, 15);

function isSince(major: number, minor: number): boolean {
  const [ours = 0, of = 0] = release().split('.').map(Number);
  return ours > major || (ours === major && of >= minor);
}
