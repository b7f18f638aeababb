// How soon each process of a tree hears the signal of killTree(), when its caller has little of a core.
//
//   node bench/kill_tree.mjs [share of a core, 0.05] [processes, 50] [runs, 10]
//
// As root, where the hierarchy of the controller `cpu` is mounted at /sys/fs/cgroup/cpu (version 1)
// or /sys/fs/cgroup (version 2): the caller alone is put into a group of its own.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [share = 0.05, processes = 50, runs = 10] = process.argv.slice(2).map(Number);
const period = 100_000; // microseconds, the kernel's default

/** Each says when it hears the signal, by the clock that all processes share. */
const tree = `import os, signal, sys, time
def hear(*_):
    os.write(1, b'%d\\n' % time.monotonic_ns())
    os._exit(0)
signal.signal(signal.SIGTERM, hear)
for i in range(int(sys.argv[1]) - 1):
    if os.fork() == 0: break
os.write(1, b'ready\\n')
while True: time.sleep(0.02)`;

function group() {
  const old = '/sys/fs/cgroup/cpu';
  const path = `${existsSync(`${old}/cpu.cfs_quota_us`) ? old : '/sys/fs/cgroup'}/procseek-${process.pid}`;
  mkdirSync(path);
  if (path.startsWith(`${old}/`)) writeFileSync(`${path}/cpu.cfs_quota_us`, String(share * period));
  else writeFileSync(`${path}/cpu.max`, `${share * period} ${period}`);
  return path;
}

async function run(killTree) {
  const child = spawn('/usr/bin/python3', ['-I', '-S', '-c', tree, String(processes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  for (let ready = 0; ready < processes; ready++) await lines.next();
  const begin = process.hrtime.bigint();
  const ending = killTree(child.pid);
  const sent = Number(process.hrtime.bigint() - begin) / 1e6;
  const heard = [];
  for await (const line of lines) heard.push(Number(BigInt(line) - begin) / 1e6);
  const { ended, killed } = await ending;
  if (ended.length !== processes || killed.length !== 0)
    throw new Error('not all have ended by it');
  return { sent, first: Math.min(...heard), last: Math.max(...heard) };
}

const path = group();
try {
  const { killTree } = createRequire(import.meta.url)('../dist/index.js');
  await run(killTree); // compiles what is run
  writeFileSync(`${path}/cgroup.procs`, String(process.pid));
  const results = [];
  for (let i = 0; i < runs; i++) results.push(await run(killTree));
  const sorted = (key) => results.map((one) => one[key]).sort((a, b) => a - b);
  for (const key of ['sent', 'first', 'last']) {
    const values = sorted(key);
    const [median, most] = [values[Math.floor(values.length / 2)], values.at(-1)];
    console.log(
      `${key} of ${processes}: median ${median.toFixed(1)} ms, at most ${most.toFixed(1)} ms`,
    );
  }
} finally {
  writeFileSync(`${path}/../cgroup.procs`, String(process.pid));
  rmdirSync(path);
}
