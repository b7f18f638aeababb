/**
 * Runs one file of tests in this runtime, and reports.
 *
 *   main.mjs <test file> <report> <milliseconds for a test>
 *
 * The report is there from the start, and tells which test is running: should it be the last one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startTests, type Task, type Test, type VitestRunner } from '@vitest/runner';

export interface Report {
  /** The file that the addon was loaded from, where the system tells. */
  addon: string | undefined;
  /** The test that is running; undefined when all have run. */
  running: string | undefined;
  passed: number;
  skipped: { name: string; reason: string }[];
  failures: { name: string; message: string }[];
}

const [, , file = '', path = '', limit = ''] = process.argv;

const report: Report = {
  addon: undefined,
  running: `${basename(file)}, while it was loaded`,
  passed: 0,
  skipped: [],
  failures: [],
};

function save(): void {
  writeFileSync(path, JSON.stringify(report));
}

function nameOf(task: Task): string {
  if (task === task.file) return basename(task.name);
  return `${nameOf(task.suite ?? task.file)} > ${task.name}`;
}

function messageOf(error: unknown): string {
  if (error === null || typeof error !== 'object') return String(error);
  const { name, message, stack, diff } = error as Error & { diff?: string };
  return [`${name}: ${message}`, diff, stack].filter(Boolean).join('\n');
}

function note(task: Task): void {
  const { result } = task;
  if (result?.state === 'fail') {
    const messages = (result.errors ?? []).map(messageOf);
    // A suite fails along with its tests.
    if (task.type === 'test' || messages.length > 0)
      report.failures.push({ name: nameOf(task), message: messages.join('\n') });
  } else if (task.type === 'test') {
    if (result?.state === 'pass') report.passed++;
    else report.skipped.push({ name: nameOf(task), reason: reasonOf(task) });
  }
  if (task.type === 'suite') for (const each of task.tasks) note(each);
}

/** As it was told to `skip()`: the runner keeps it, though its types do not say so. */
function reasonOf({ result }: Test): string {
  return (result as { note?: string } | undefined)?.note ?? 'not told';
}

/** On Linux, which maps it. */
function findAddon(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return /\/\S*procseek[^/\s]*\.node$/m.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0];
}

const time = Number(limit);

const runner: VitestRunner = {
  config: {
    root: process.cwd(),
    setupFiles: [],
    name: undefined,
    passWithNoTests: false,
    testNamePattern: undefined,
    allowOnly: false,
    sequence: { seed: 0, hooks: 'stack', setupFiles: 'list' },
    chaiConfig: undefined,
    maxConcurrency: 1,
    testTimeout: time,
    hookTimeout: 4 * time,
    retry: 0,
    includeTaskLocation: false,
    tags: [],
    tagsFilter: undefined,
    strictTags: true,
  },
  importFile: (file) => import(pathToFileURL(file).href),
  onBeforeRunTask(test: Test) {
    report.running = nameOf(test);
    save();
  },
};

for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => {
    report.failures.push({ name: `${basename(file)}: ${event}`, message: messageOf(error) });
  });
}

save();
setInterval(() => {}, 60_000); // timeouts of tests do not keep a process alive
const files = await startTests([file], runner);
for (const one of files) note(one);
report.addon = findAddon();
report.running = undefined;
save();
process.exit(report.failures.length === 0 ? 0 : 1);
