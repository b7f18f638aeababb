/** What other tools say of the same processes. */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const python = '/usr/bin/python3'; // Debian's, which has python3-psutil

/** Why psutil cannot be asked here; undefined where it can. */
export const whyNoPsutil =
  spawnSync(python, ['-I', '-c', 'import psutil']).status === 0
    ? undefined
    : 'needs psutil (of Debian, python3-psutil)';

/** Why one of the commands below cannot be asked; undefined where it can. */
export function whyNoCommand(command: 'pgrep' | 'pidof'): string | undefined {
  const packages = { pgrep: 'procps', pidof: 'sysvinit-utils' };
  const isThere = spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
  return isThere ? undefined : `needs ${command} (of Debian, ${packages[command]})`;
}

/** Attributes of psutil.Process, in its words. */
export interface PsutilRecord {
  name: string;
  ppid: number;
  status: string;
  /** Epoch seconds. */
  create_time: number;
  exe: string | null;
  cmdline: string[] | null;
  cwd: string | null;
  environ: Record<string, string> | null;
  uids: [real: number, effective: number, saved: number];
  gids: [real: number, effective: number, saved: number];
  username: string;
  terminal: string | null;
  nice: number;
  num_threads: number;
  /** Seconds: user, system, and more. */
  cpu_times: number[];
  /** Bytes: rss, vms, and more. */
  memory_info: number[];
  /** Calls read and written, bytes from and to storage, bytes read and written. */
  io_counters: number[] | null;
  num_fds: number | null;
}

/** What psutil says of these processes, or of all; null for what it may not tell. */
export async function psutil<K extends keyof PsutilRecord>(
  attributes: readonly K[],
  pids?: readonly number[],
): Promise<Map<number, Pick<PsutilRecord, K>>> {
  const script = `
import json, psutil, sys
attributes, pids = json.loads(sys.argv[1])
found = []
for process in psutil.process_iter() if pids is None else map(psutil.Process, pids):
    try:
        found.append([process.pid, process.as_dict(attributes)])
    except psutil.NoSuchProcess:
        pass
print(json.dumps(found))`;
  const argument = JSON.stringify([attributes, pids ?? null]);
  const { stdout } = await run(python, ['-I', '-c', script, argument], { maxBuffer: 1 << 26 });
  return new Map(JSON.parse(stdout) as [number, Pick<PsutilRecord, K>][]);
}

/** The PIDs that `pgrep -x` or `pidof` print for a name, ascending. */
export async function pidsBy(command: 'pgrep' | 'pidof', name: string): Promise<number[]> {
  const args = command === 'pgrep' ? ['-x', '--', name] : [name];
  const { stdout } = await run(command, args);
  return stdout
    .split(/\s+/)
    .filter(Boolean)
    .map(Number)
    .sort((a, b) => a - b);
}
