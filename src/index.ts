/** The public API. */
export { children, type ChildrenOptions } from './children.js';
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
  type FieldOptions,
  findByName,
  type FindByNameOptions,
  findByNameSync,
  findByPid,
  findByPidSync,
  findOneByName,
  type FindOneByNameOptions,
  findOneByNameSync,
  isRunning,
  type SignalOptions,
} from './find.js';
export type {
  MatchBy,
  NameOptions,
  NamePattern,
  NameQuery,
  ProcessFilter,
} from './query.js';
export { type ProcessStream, scan, scanSync } from './scan.js';
