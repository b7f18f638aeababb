/** The contract of lookups holds whatever the engine, whoever asks from wherever, and on old kernels. */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { capabilities } from '../../src/index.js';
import { oldKernel } from '../support/sandbox.js';

vi.setConfig({ testTimeout: 1_200_000 });

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const nobody = ['/usr/bin/setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
const capable = ['--inh-caps', '+bpf,+perfmon', '--ambient-caps', '+bpf,+perfmon'];
const inNamespace = ['/usr/bin/unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

const procfs = { engine: 'procfs' };
const events = { engine: 'events' };
const bpf = { engine: 'bpf', iteration: 'processes' };
const bpfOfThreads = { engine: 'bpf', iteration: 'threads' };

const surroundings = [
  ['as root', [], [procfs, events, bpf, bpfOfThreads]],
  ['as nobody with CAP_BPF and CAP_PERFMON alone', [...nobody, ...capable], [bpf, bpfOfThreads]],
  ['as nobody', [...nobody, '--inh-caps', '-all'], [procfs, events]],
  ['in a PID namespace', inNamespace, [procfs, bpf, bpfOfThreads]],
  ['on Linux 3.10', oldKernel(), [events]],
] as const;

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: {
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

/**
 * Runs the tests in a process of its own, which is whoever the launcher makes it; without an engine,
 * all that the module has.
 */
async function runContract(
  launcher: readonly string[],
  { engine = '', iteration = '' }: { engine?: string; iteration?: string } = {},
): Promise<Report> {
  const directory = mkdtempSync(join(tmpdir(), 'procseek-contract-'));
  chmodSync(directory, 0o777);
  const report = join(directory, 'report.json');
  const [file = '', ...args] = [
    ...launcher,
    process.execPath,
    join(root, 'node_modules/vitest/vitest.mjs'),
    ...['run', '--config', 'vitest.engines.config.ts'],
    ...['--reporter=json', `--outputFile=${report}`],
  ];
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('VITEST'))),
    CONTRACT_CACHE: directory,
    ...(engine === '' ? {} : { CONTRACT_ENGINE: engine }),
    ...(iteration === '' ? {} : { CONTRACT_ITERATION: iteration }),
  };
  try {
    const output = await new Promise<string>((resolve) => {
      execFile(file, args, { cwd: root, env, timeout: 1_150_000 }, (_, stdout, stderr) =>
        resolve(stdout + stderr),
      );
    });
    if (!existsSync(report)) throw new Error(output);
    return JSON.parse(readFileSync(report, 'utf8')) as Report;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function failures({ testResults }: Report): string[] {
  return testResults.flatMap(({ message, assertionResults }) => [
    ...(message === '' ? [] : [message]),
    ...assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]}`),
  ]);
}

const { engines } = capabilities();

describe.each(surroundings)('%s', (_, launcher, options) => {
  test.concurrent.for(options)('$engine $iteration', async (option, { skip, annotate }) => {
    const { reason } = engines[option.engine as keyof typeof engines];
    skip(reason !== null, reason ?? '');
    const report = await runContract(launcher, option);
    expect(failures(report)).toEqual([]);
    expect(report.numPassedTests).toBeGreaterThan(500);
    await annotate(`${report.numPassedTests} tests of the contract passed`);
  });
});

test.concurrent('on Linux 3.10, all of the module', async ({ annotate }) => {
  const report = await runContract(oldKernel());
  expect(failures(report)).toEqual([]);
  expect(report.numPassedTests).toBeGreaterThan(800);
  await annotate(`${report.numPassedTests} tests of the contract passed`);
});
