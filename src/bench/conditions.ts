/** What the host is and what disturbs it, from the files in which Linux tells it. */
import { readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import type { Disturbance, Host } from './report.js';

/** Undefined where there is no such file, or none that may be read. */
type Read = (file: string) => string | undefined;

export const read: Read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

type Told = Pick<Host, 'virtualisation' | 'container' | 'governor' | 'frequency' | 'quota'>;

export function readConditions(from: Read = read): Told {
  const cpu = '/sys/devices/system/cpu/cpu0/cpufreq';
  return {
    virtualisation: virtualisation(from),
    container: container(from),
    governor: from(`${cpu}/scaling_governor`)?.trim() || null,
    frequency: frequency(from, cpu),
    quota: quota(from),
  };
}

/** Makers and products in the firmware's tables, and how they are called. */
const hypervisors: readonly [RegExp, string][] = [
  [/QEMU|KVM|Google Compute Engine|OpenStack|DigitalOcean/i, 'kvm'],
  [/Amazon EC2/i, 'amazon'],
  [/VMware/i, 'vmware'],
  [/VirtualBox|innotek/i, 'virtualbox'],
  [/Microsoft Corporation.*Virtual Machine/is, 'hyper-v'],
  [/Xen/i, 'xen'],
  [/Parallels/i, 'parallels'],
  [/Apple Virtualization/i, 'apple'],
];

function virtualisation(from: Read): string | null {
  const told = [
    '/sys/class/dmi/id/sys_vendor',
    '/sys/class/dmi/id/product_name',
    '/sys/hypervisor/type',
  ]
    .map((file) => from(file) ?? '')
    .join(' ');
  const known = hypervisors.find(([pattern]) => pattern.test(told));
  if (known !== undefined) return known[1];
  // x86 has a bit for it; others have a node in the device tree.
  const isGuest = /^flags\s*:.*\bhypervisor\b/m.test(from('/proc/cpuinfo') ?? '');
  const node = from('/proc/device-tree/hypervisor/compatible');
  if (node !== undefined) return node.replaceAll('\0', ' ').trim() || 'unknown';
  return isGuest ? 'unknown' : null;
}

function container(from: Read): string | null {
  if (from('/run/.containerenv') !== undefined) return 'podman';
  if (from('/.dockerenv') !== undefined) return 'docker';
  const told = /\bcontainer=([^\0]+)/.exec(from('/proc/1/environ') ?? '')?.[1];
  if (told !== undefined) return told;
  const groups = from('/proc/self/cgroup') ?? '';
  return (
    /\b(kubepods|docker|lxc|containerd)\b/.exec(groups)?.[1]?.replace('kubepods', 'kubernetes') ??
    null
  );
}

function frequency(from: Read, directory: string): Host['frequency'] {
  const [least, most] = ['min', 'max'].map((end) =>
    Number.parseInt(from(`${directory}/scaling_${end}_freq`) ?? '', 10),
  );
  if (!least || !most) return null;
  return { least: least / 1000, most: most / 1000 }; // told in kHz
}

interface Groups {
  /** Of the CPU controller: this process's group and all above it. */
  directories: string[];
  isUnified: boolean;
}

/** cgroups(7): both hierarchies, and where a container sees its own group as the root. */
function groupsOf(from: Read): Groups {
  const lines = (from('/proc/self/cgroup') ?? '').split('\n').map((line) => line.split(':'));
  const old = lines.find(([, controllers = '']) => controllers.split(',').includes('cpu'));
  const isUnified = old === undefined;
  const path = (old ?? lines.find(([id]) => id === '0'))?.[2] ?? '/';
  const roots = isUnified
    ? ['/sys/fs/cgroup']
    : ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/cpu,cpuacct'];
  const steps = path.split('/').filter((step) => step !== '' && step !== '..');
  const paths = Array.from({ length: steps.length + 1 }, (_, i) => steps.slice(0, i).join('/'));
  const directories = roots.flatMap((root) =>
    paths.map((one) => `${root}/${one}`.replace(/\/$/, '')),
  );
  return { directories, isUnified };
}

/** The least of the quotas that apply. */
function quota(from: Read): number | null {
  const { directories, isUnified } = groupsOf(from);
  const quotas = directories.map((directory) => {
    const [most, period] = isUnified
      ? (from(`${directory}/cpu.max`) ?? '').split(' ')
      : [from(`${directory}/cpu.cfs_quota_us`), from(`${directory}/cpu.cfs_period_us`)];
    return Number.parseInt(most ?? '', 10) / Number.parseInt(period ?? '', 10);
  });
  const known = quotas.filter((cores) => cores > 0);
  return known.length === 0 ? null : Math.min(...known);
}

/** Counters that only grow. */
interface Counters {
  /** Milliseconds. */
  at: number;
  load: number;
  /** Microseconds for which some task waited for a CPU. */
  waited: number | null;
  /** Ticks of CPU time: those that the hypervisor took, and all. */
  stolen: number;
  ticks: number;
  throttled: number | null;
  overheated: number | null;
}

function count(from: Read): Counters {
  const ticks =
    /^cpu +(.*)$/m
      .exec(from('/proc/stat') ?? '')?.[1]
      ?.split(' ')
      .map(Number) ?? [];
  return {
    at: performance.now(),
    load: loadavg()[0] ?? 0,
    waited: figure(/^some .*total=(\d+)/m, from('/proc/pressure/cpu')),
    stolen: ticks[7] ?? 0,
    ticks: ticks.slice(0, 8).reduce((sum, one) => sum + one, 0), // guests' are part of user's
    throttled: total(
      groupsOf(from).directories.map((directory) =>
        figure(/^nr_throttled (\d+)/m, from(`${directory}/cpu.stat`)),
      ),
    ),
    overheated: total(
      coreDirectories().map((core) =>
        figure(/(\d+)/, from(`${core}/thermal_throttle/core_throttle_count`)),
      ),
    ),
  };
}

function figure(pattern: RegExp, text = ''): number | null {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

function total(counts: readonly (number | null)[]): number | null {
  const known = counts.filter((one) => one !== null);
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0);
}

function coreDirectories(): string[] {
  const parent = '/sys/devices/system/cpu';
  try {
    return readdirSync(parent)
      .filter((name) => /^cpu\d+$/.test(name))
      .map((name) => `${parent}/${name}`);
  } catch {
    return [];
  }
}

/** Begins to look out for disturbances; the returned function tells what there was until now. */
export function observe(from: Read = read): () => Omit<Disturbance, 'drift'> {
  const before = count(from);
  return () => {
    const now = count(from);
    const more = (key: 'throttled' | 'overheated' | 'waited') => {
      const [first, last] = [before[key], now[key]];
      return first === null || last === null ? null : last - first;
    };
    const waited = more('waited');
    const ticks = now.ticks - before.ticks;
    const elapsed = (now.at - before.at) * 1000;
    return {
      load: { start: before.load, end: now.load },
      pressure: waited === null || elapsed <= 0 ? null : Math.min(1, waited / elapsed),
      stolen: ticks > 0 ? (now.stolen - before.stolen) / ticks : null,
      throttled: more('throttled'),
      overheated: more('overheated'),
    };
  };
}
