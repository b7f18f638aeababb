/** The public API. */
// The types of Node.js are part of it, for compilers that take none of themselves (`types: []`).
/// <reference types="node" preserve="true" />
export {
  type Capabilities,
  capabilities,
  type EngineCapability,
  type ViewCapability,
  type WatchCapability,
} from './capabilities.js';
export { type ChildrenOptions, children } from './children.js';
export type { ScanMessage } from './diagnostics.js';
export type {
  EndedProcess,
  KillTreeResult,
  RemainingProcess,
  RemainingReason,
} from './ending.js';
export type { EngineIteration, EngineName } from './engine.js';
export { ProcessError } from './errors.js';
export type { Exclusion } from './exclude.js';
export {
  type CpuTime,
  type DefaultField,
  defaultFields,
  type Field,
  fieldNames,
  type IoCounters,
  type Process,
  type ProcessFields,
  type ProcessState,
  type TruncatedField,
  type Truncation,
} from './fields.js';
export {
  exists,
  type FindByNameOptions,
  type FindOneByNameOptions,
  findByName,
  findByNameSync,
  findByPid,
  findByPidSync,
  findOneByName,
  findOneByNameSync,
  isRunning,
} from './find.js';
export { type Finder, type FinderOptions, openFinder } from './finder.js';
export * as default from './index.js';
export { type KillTreeOptions, killGroup, killTree } from './kill_tree.js';
export { kill, type WaitOptions, type WaitStats, waitForExit, waitStats } from './lifecycle.js';
export type { Exit } from './monitor.js';
export type { FieldOptions, SignalOptions } from './options.js';
export type { ProcessGroup } from './process_group.js';
export type {
  MatchBy,
  NameOptions,
  NamePattern,
  NameQuery,
  ProcessFilter,
} from './query.js';
export { scan, scanSync } from './scan.js';
export { type ForceOption, type SignalTreeResult, signalTree } from './signal_tree.js';
export type { ProcessBatches, ProcessStream } from './stream.js';
export type { ChildHandle, PidOrProcess, ProcessIdentity } from './target.js';
export { type WatchOptions, watch } from './watch.js';
export type {
  ExitEvent,
  RenameEvent,
  StartEvent,
  WatcherEvent,
  WatcherEvents,
} from './watch_events.js';
export type { WatchBackend, Watcher, WatcherStats, WatchMessage } from './watcher.js';
