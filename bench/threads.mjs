// What lookups cost on threads of procseek's own, beside a bare loop over the same system calls and,
// if its folder is given, beside another build of procseek:
//
//   node bench/threads.mjs [PROCESSES] [FOLDER]
//
// Medians of rounds in which everything takes its turn; wall time, for these are latencies.
import { spawn } from 'node:child_process';
import { pbkdf2 } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const require = createRequire(import.meta.url);
const [count = '1000', other] = process.argv.slice(2);
const rounds = 41;

const load = (folder) => ({ library: require(join(folder, 'dist/index.js')) });
const root = resolve(import.meta.dirname, '..');
const here = load(root);
const there = other === undefined ? undefined : load(resolve(other));
const target = `${process.platform}-${process.arch}`;
const addon = require(join(root, 'prebuilds', target, 'procseek.node'));

const crowd = `import os, sys
for _ in range(int(sys.argv[1])):
    if os.fork() == 0:
        os.close(1)
        sys.stdin.read()
        os._exit(0)
print('ready', flush=True)
sys.stdin.read()`;
const child = spawn('python3', ['-I', '-S', '-c', crowd, count], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
await once(child.stdout, 'data');

async function time(body, times = 1) {
  const begun = performance.now();
  for (let i = 0; i < times; i++) await body();
  return (performance.now() - begun) / times;
}
function timeSync(body, times = 1) {
  const begun = performance.now();
  for (let i = 0; i < times; i++) body();
  return (performance.now() - begun) / times;
}
const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

const questions = {
  'bare loop over every comm': () => timeSync(() => addon.floor(0, 0)),
  findByName: () => time(() => here.library.findByName('absent')),
  findByNameSync: () => timeSync(() => here.library.findByNameSync('absent')),
  'findByPidSync (x 1000)': () =>
    timeSync(() => here.library.findByPidSync(process.pid), 2000) * 1000,
  'findByPid (x 1000)': async () =>
    (await time(() => here.library.findByPid(process.pid), 200)) * 1000,
  'scan of cmdline, synchronous': () =>
    timeSync(() => [...here.library.scanSync({}, { fields: ['cmdline'] })]),
};
if (there !== undefined) {
  Object.assign(questions, {
    'other: findByName': () => time(() => there.library.findByName('absent')),
    'other: findByNameSync': () => timeSync(() => there.library.findByNameSync('absent')),
    'other: findByPidSync (x 1000)': () =>
      timeSync(() => there.library.findByPidSync(process.pid), 2000) * 1000,
    'other: findByPid (x 1000)': async () =>
      (await time(() => there.library.findByPid(process.pid), 200)) * 1000,
    'other: scan of cmdline, synchronous': () =>
      timeSync(() => [...there.library.scanSync({}, { fields: ['cmdline'] })]),
  });
}

async function measure(names) {
  const seen = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) seen[name].push(await questions[name]());
  }
  for (const name of names) console.log(`${name}: ${median(seen[name]).toFixed(3)} ms`);
}

console.log(`beside ${count} more processes`);
await measure(Object.keys(questions));

console.log('beside four jobs of crypto.pbkdf2');
let isBusy = true;
const work = () =>
  pbkdf2('secret', 'salt', 400_000, 64, 'sha512', () => {
    if (isBusy) work();
  });
for (let i = 0; i < 4; i++) work();
await measure(Object.keys(questions).filter((name) => name.endsWith('findByName')));
isBusy = false;
child.stdin.end();
