/** The engines that are to be had here, and what finders by them are told to be. */
import { onTestFinished } from 'vitest';
import {
  capabilities,
  type EngineIteration,
  type EngineName,
  type Finder,
  type FinderOptions,
  openFinder,
} from '../../src/index.js';

export interface Way {
  readonly options: FinderOptions;
  readonly engine: EngineName;
  readonly iteration: EngineIteration | null;
}

export const offered = capabilities();

const ways: readonly [string, Way][] = [
  ['procfs', { options: { engine: 'procfs' }, engine: 'procfs', iteration: null }],
  ['events', { options: { engine: 'events' }, engine: 'events', iteration: null }],
  ['bpf', { options: { engine: 'bpf' }, engine: 'bpf', iteration: offered.bpfIteration }],
  [
    'bpf over processes',
    {
      options: { engine: 'bpf', iteration: 'processes' },
      engine: 'bpf',
      iteration: 'processes',
    },
  ],
  [
    'bpf over threads',
    { options: { engine: 'bpf', iteration: 'threads' }, engine: 'bpf', iteration: 'threads' },
  ],
];

/** All that can be opened on this host, by name. */
export const waysHere = ways.filter(
  ([, { engine, iteration }]) =>
    offered.engines[engine].available &&
    !(iteration === 'processes' && offered.bpfIteration !== 'processes'),
);

/** The same as source, for scripts that run elsewhere. */
export const optionsHere: Record<string, string> = Object.fromEntries(
  waysHere.map(([name, { options }]) => [name, JSON.stringify(options)]),
);

/** A finder that is closed when the test ends. */
export async function open(options?: FinderOptions): Promise<Finder> {
  const finder = await openFinder(options);
  onTestFinished(() => finder.close());
  return finder;
}
