/** A report with figures made up by hand, to show and not to believe. */
import type {
  Measurement,
  PileUpRun,
  QuestionId,
  QuestionResult,
  Report,
  ScaleSeries,
  Spread,
} from '../../src/bench/report.js';

/** What a spread looks like around a median. */
function around(median: number, samples = 41): Spread {
  const quartiles = { low: median * 0.97, high: median * 1.04 };
  return { median, p99: median * 1.6, min: median * 0.9, max: median * 2.1, ...quartiles, samples };
}

function right(contender: string, cpu: number, floor: number, spawned = 0): Measurement {
  const isProgram = /^(psutil|gopsutil)/.test(contender);
  return {
    contender,
    verdict: 'right',
    wall: around(cpu * 1.1, 4321),
    cpu: around(cpu),
    timesFloor: cpu / floor,
    drift: 1.03,
    rssGrowth: Math.round(cpu * 300),
    rssPeak: 48_300_000 + Math.round(cpu * 300),
    allocated: isProgram ? null : Math.round(cpu * 40),
    spawned,
    loopDelay: isProgram ? null : cpu / 900,
    systemCalls: contender === 'procseek-sync' ? Math.round(cpu / 2) : null,
  };
}

function notRight(contender: string, verdict: 'wrong' | 'empty' | 'failed', problem?: string) {
  const nulls = {
    wall: null,
    cpu: null,
    timesFloor: null,
    drift: null,
    rssGrowth: null,
    rssPeak: null,
  };
  const others = { allocated: null, spawned: null, loopDelay: null, systemCalls: null };
  const why = problem === undefined ? {} : { problem };
  return { contender, verdict, ...why, ...nulls, ...others } satisfies Measurement;
}

const everyComm = 'list /proc; open, read and close every comm';
const everyStat = 'list /proc; open, read and close every stat';

function question(
  id: QuestionId,
  title: string,
  floor: string,
  costs: [string, number, number?][],
  others: Measurement[] = [],
): QuestionResult {
  const least = costs[0]?.[1] ?? 1;
  const measurements = costs.map(([contender, cpu, spawned]) =>
    right(contender, cpu, least, spawned),
  );
  return { id, title, floor, measurements: [...measurements, ...others] };
}

const questions: QuestionResult[] = [
  question(
    'pid',
    'by PID',
    'open, read and close its stat',
    [
      ['floor', 4.37],
      ['procseek-sync', 6.04],
      ['procseek-async', 31.2],
      ['stroncium-procfs', 78.9],
      ['pidusage', 143],
      ['psutil', 212],
      ['ps', 8240, 1],
      ['fs-sync', 13_930],
      ['fs-promises', 41_200],
      ['find-process', 21_700, 2],
    ],
    [notRight('ps-node', 'failed', 'spawn EMFILE')],
  ),
  question(
    'name-absent',
    'by name, absent',
    everyComm,
    [
      ['floor', 731],
      ['procseek-sync', 803],
      ['procseek-async', 911],
      ['comm-sync', 1630],
      ['pidof', 9120, 1],
      ['pgrep', 8870, 1],
      ['gopsutil', 31_800],
      ['psutil', 29_450],
      ['fs-sync', 13_700],
      ['fs-promises', 40_800],
      ['ps-list', 17_300, 1],
    ],
    [notRight('systeminformation', 'wrong', 'found 1 of none')],
  ),
  question('name-first', 'by name, first of many', everyComm, [
    ['floor', 731],
    ['procseek-sync', 412],
    ['procseek-async', 498],
    ['comm-sync', 888],
    ['fs-sync', 13_650],
  ]),
  question(
    'name-long',
    'by name, long name',
    everyComm,
    [
      ['floor', 733],
      ['procseek-sync', 815],
      ['procseek-async', 930],
      ['fs-sync', 13_800],
    ],
    [notRight('pidof', 'empty', 'found nothing'), notRight('find-process', 'wrong')],
  ),
  question('all-names', 'all names', everyComm, [
    ['floor', 729],
    ['procseek-sync', 1520],
    ['procseek-async', 1710],
    ['comm-sync', 1490],
    ['fs-sync', 13_900],
  ]),
  question('all-default', 'all processes, default fields', everyStat, [
    ['floor', 1240],
    ['procseek-sync', 2310],
    ['procseek-async', 2560],
    ['comm-sync', 1720],
    ['fs-sync', 13_800],
  ]),
  question('all-fields', 'all processes, all fields', everyStat, [
    ['floor', 1250],
    ['procseek-sync', 9210],
    ['procseek-async', 9980],
    ['fs-sync', 13_900],
    ['psutil', 152_000],
  ]),
];

function series(contender: string, asked: QuestionId, cost: (size: number) => number): ScaleSeries {
  const points = [100, 1000, 5000, 10_000].map((size) => ({ size, cpu: around(cost(size), 21) }));
  return { contender, question: asked, points };
}

const scale = (asked: QuestionId, each: number): ScaleSeries[] => [
  series('floor', asked, (size) => each * size),
  series('procseek-sync', asked, (size) => 30 + each * 1.1 * size),
  series('procseek-async', asked, (size) => 60 + each * 1.2 * size),
  series('fs-sync', asked, (size) => 34 * size),
  series('psutil', asked, (size) => 70 * size),
  series('gopsutil', asked, (size) => 72 * size),
  series('pgrep', asked, (size) => 6000 + 9 * size),
];

function pileUpRun(contender: string, backlog: number): PileUpRun {
  const samples = Array.from({ length: 80 }, (_, i) => ({
    at: i * 250,
    inFlight: Math.round(1 + backlog * i),
    rss: 50_000_000 + Math.round(backlog * i * 900_000),
    missed: Math.round(backlog * i * 0.8),
  }));
  const last = samples.at(-1) ?? { inFlight: 0, rss: 0, missed: 0 };
  return {
    contender,
    guarded: false,
    ticks: 200,
    answered: 200 - last.missed,
    skipped: 0,
    mostInFlight: last.inFlight,
    mostRss: last.rss,
    missed: last.missed,
    samples,
  };
}

export const sampleReport: Report = {
  version: 2,
  procseek: '0.1.0',
  takenAt: '2026-07-30T10:11:12.000Z',
  command: 'npx procseek bench --processes 400 --json bench.json --markdown bench.md',
  quick: true,
  host: {
    cpu: 'Sample Processor 9000',
    cores: 4,
    memory: 8_232_000_000,
    kernel: '6.12.0-sample',
    arch: 'x86_64',
    node: 'v20.20.2',
    processes: 517,
    threads: 903,
    added: 400,
    user: 1000,
    virtualisation: 'kvm',
    container: 'docker',
    governor: 'ondemand',
    frequency: { least: 600, most: 1800 },
    quota: 2,
  },
  noise: {
    load: { start: 0.4, end: 1.2 },
    ...{ pressure: 0.05, stolen: 0.001, throttled: 3, overheated: 0, drift: 1.04 },
    verdict: 'noisy',
    reasons: ['the control group ran out of its CPU quota 3 times'],
  },
  contenders: [
    { id: 'floor', title: 'bare native loop (the floor)', version: '-' },
    { id: 'procseek-sync', title: 'procseek, sync', version: '0.1.0' },
    { id: 'procseek-async', title: 'procseek, async', version: '0.1.0' },
    { id: 'comm-sync', title: 'every comm by plain sync fs', version: '20.20.2' },
    { id: 'fs-sync', title: 'psutil-style full scan, sync fs', version: '20.20.3' },
    { id: 'fs-promises', title: 'psutil-style full scan, fs.promises', version: '20.20.4' },
    { id: 'psutil', title: 'psutil', version: '5.9.8' },
    { id: 'gopsutil', title: 'gopsutil Processes(), then match', version: '3.21.2' },
    { id: 'ps', title: 'ps', version: '4.0.4' },
    { id: 'pgrep', title: 'pgrep', version: '4.0.5' },
    { id: 'pidof', title: 'pidof', version: '4.0.6' },
    { id: 'find-process', title: 'find-process', version: '1.4.7' },
    { id: 'ps-list', title: 'ps-list', version: '8.1.1' },
    { id: 'systeminformation', title: 'systeminformation', version: '5.23.5' },
    { id: 'pidusage', title: 'pidusage', version: '3.0.2' },
    { id: 'ps-node', title: 'ps-node', version: '0.1.6' },
    { id: 'stroncium-procfs', title: '@stroncium/procfs', version: '1.2.1' },
  ],
  absent: [{ title: 'process-exists', reason: 'not resolvable from here' }],
  questions,
  byProcesses: [...scale('name-absent', 1.7), ...scale('all-fields', 9)],
  byThreads: [
    series('procseek-sync', 'name-absent', () => 803),
    series('fs-sync', 'name-absent', (size) => 13_700 + size / 10),
    series('psutil', 'name-absent', (size) => 29_000 + 20 * size),
  ],
  leftOut: ['20,000 processes: the limit of processes is 15,000'],
  pileUp: {
    period: 100,
    duration: 20_000,
    starvedBy: 'a cgroup quota of 10 % of one CPU',
    processes: 517,
    runs: [pileUpRun('fs-promises', 1.85), pileUpRun('procseek-async', 0)],
  },
};
