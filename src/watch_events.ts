/** What a watcher tells. */
import type { Exit } from './monitor.js';

/** A process matches. */
export interface StartEvent<T> {
  process: T;
  /** It did so already when the watch began. */
  existing: boolean;
}

/** A process that matched has ended: it is a zombie, or gone. */
export interface ExitEvent<T> extends Exit {
  /** As it was last seen. */
  process: T;
}

/** A process came to match, or no longer does, or matches by another name. */
export interface RenameEvent<T> {
  /** As it is now. */
  process: T;
  /** Whether it matches, and so is one of `watcher.processes`. */
  matches: boolean;
  /** Its `name` before; `null` when it did not match, and so was not known. */
  previousName: string | null;
}

/** What a watcher tells when it is iterated over. */
export type WatcherEvent<T> =
  | ({ type: 'start' } & StartEvent<T>)
  | ({ type: 'exit' } & ExitEvent<T>)
  | ({ type: 'rename' } & RenameEvent<T>);

export interface WatcherEvents<T> {
  start: [StartEvent<T>];
  exit: [ExitEvent<T>];
  rename: [RenameEvent<T>];
  /** It could not begin; it is closed. */
  error: [Error];
  /** Nothing more will be told. */
  close: [];
}
