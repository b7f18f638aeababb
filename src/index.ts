/** The public API. */
export { type ChildrenOptions, children } from './children.js';
export { ProcessError } from './errors.js';
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
export type { FieldOptions, SignalOptions } from './options.js';
export type {
  MatchBy,
  NameOptions,
  NamePattern,
  NameQuery,
  ProcessFilter,
} from './query.js';
export { type ProcessBatches, type ProcessStream, scan, scanSync } from './scan.js';
