/** All lookups, by one engine. What they do is documented where they are exported. */
import { onAbort } from './abort.js';
import { binding } from './binding.js';
import type * as childrenModule from './children.js';
import { decodeOne } from './decode.js';
import { type Engine, noEngine } from './engine.js';
import { statusError, wrongType } from './errors.js';
import { type Field, optionalFieldMask } from './fields.js';
import type * as findModule from './find.js';
import type { FindByNameOptions } from './find.js';
import { Lookup } from './lookup.js';
import { checkMaxBytes, checkOptions, checkSignal } from './options.js';
import { SharedPasses } from './overlap.js';
import {
  checkNameOptions,
  compileFilter,
  compileQuery,
  type NameQuery,
  nameTypes,
  type Query,
} from './query.js';
import { findRelatives } from './relatives.js';
import type * as scanModule from './scan.js';
import { ProcessStream, SyncRows } from './stream.js';
import { checkPidOrChild, checkProcess } from './target.js';
import { runSync, walk } from './walk.js';

/** The functions of the module that are lookups. Editors show their documentation for methods, too. */
type Modules = typeof findModule & typeof scanModule & typeof childrenModule;

type LookupFunctions = Pick<
  Modules,
  | 'exists'
  | 'isRunning'
  | 'findByPid'
  | 'findByPidSync'
  | 'findByName'
  | 'findByNameSync'
  | 'findOneByName'
  | 'findOneByNameSync'
  | 'scan'
  | 'scanSync'
  | 'children'
>;

export class Lookups implements LookupFunctions {
  readonly #engine: Engine;
  readonly #passes: SharedPasses;
  readonly #end: readonly AbortSignal[];

  /** Aborting `end` closes all streams. */
  constructor(engine: Engine, end?: AbortSignal) {
    this.#engine = engine;
    this.#passes = new SharedPasses(engine);
    this.#end = end === undefined ? [] : [end];
  }

  readonly exists: LookupFunctions['exists'] = (pidOrChild) => {
    this.#engine.assertOpen();
    const { pid, exit } = checkPidOrChild(pidOrChild, this.#engine.isForeign);
    if (exit !== undefined) return false;
    const status = binding.exists(this.#engine.native, pid);
    if (status < 0) throw statusError(status, pid);
    return status === 0;
  };

  readonly isRunning: LookupFunctions['isRunning'] = (process) => {
    this.#engine.assertOpen();
    const { pid, id, exit } = checkProcess(process, this.#engine.isForeign);
    if (exit !== undefined) return false;
    const found = this.findByPidSync(pid, { fields: ['id', 'state'] });
    if (found === undefined || found.id !== id || found.state === 'dead') return false;
    if (found.state !== 'zombie') return true;
    // It may have lost its first thread alone. How many there are is not told everywhere for nothing.
    const zombie = this.findByPidSync(pid, { fields: ['id', 'state', 'threads'] });
    if (zombie === undefined || zombie.id !== id) return false;
    return zombie.state !== 'zombie' || (zombie.threads ?? 0) > 1;
  };

  readonly findByPid: LookupFunctions['findByPid'] = async (pidOrChild, options) => {
    this.#engine.assertOpen();
    const { pid, exit } = checkPidOrChild(pidOrChild, this.#engine.isForeign);
    const { fields, maxBytes, signal } = checkOptions(options);
    const mask = optionalFieldMask(fields);
    const textLimit = checkMaxBytes(maxBytes);
    const checked = checkSignal(signal);
    const lookUp = () => binding.lookup(this.#engine.native, pid, mask, textLimit);
    const look = exit === undefined ? lookUp : async () => 0;
    return decodeOne(await abortable(checked, look), mask, pid);
  };

  readonly findByPidSync: LookupFunctions['findByPidSync'] = (pidOrChild, options) => {
    this.#engine.assertOpen();
    const { pid, exit } = checkPidOrChild(pidOrChild, this.#engine.isForeign);
    const { fields, maxBytes } = checkOptions(options);
    const mask = optionalFieldMask(fields);
    const textLimit = checkMaxBytes(maxBytes);
    if (exit !== undefined) return undefined;
    return decodeOne(binding.lookupSync(this.#engine.native, pid, mask, textLimit), mask, pid);
  };

  readonly findByName: LookupFunctions['findByName'] = async (name, options) => {
    const checked = checkNameOptions(options);
    const query = this.#compileName(name, checked);
    const release = this.#engine.hold();
    try {
      return await this.#passes.find(query, checkSignal(checked.signal));
    } finally {
      release();
    }
  };

  readonly findByNameSync: LookupFunctions['findByNameSync'] = <T>(
    name: NameQuery,
    options: FindByNameOptions<readonly Field[]> | undefined,
  ) => {
    this.#engine.assertOpen();
    const query = this.#compileName(name, checkNameOptions(options));
    const lookup = new Lookup<T>(this.#engine, query);
    runSync(walk(this.#engine, [lookup]));
    return lookup.drain();
  };

  readonly findOneByName: LookupFunctions['findOneByName'] = async (name, options) => {
    const [first] = await this.findByName(name, { ...checkOptions(options), limit: 1 });
    return first;
  };

  readonly findOneByNameSync: LookupFunctions['findOneByNameSync'] = (name, options) => {
    const [first] = this.findByNameSync(name, { ...checkOptions(options), limit: 1 });
    return first;
  };

  readonly scan: LookupFunctions['scan'] = (filter, options) => {
    const checked = checkOptions(options);
    const query = compileFilter(filter, checked, { engine: this.#engine });
    const own = checkSignal(checked.signal);
    this.#engine.assertOpen();
    return new ProcessStream(this.#engine, query, own ? [...this.#end, own] : this.#end);
  };

  readonly scanSync: LookupFunctions['scanSync'] = (filter, options) => {
    const query = compileFilter(filter, checkOptions(options), { engine: this.#engine });
    this.#engine.assertOpen();
    return { [Symbol.iterator]: () => new SyncRows(this.#engine, query) };
  };

  readonly children: LookupFunctions['children'] = async (pidOrProcess, options) => {
    const release = this.#engine.hold();
    try {
      return await findRelatives(this.#engine, pidOrProcess, options);
    } finally {
      release();
    }
  };

  /** A name may be left out of a filter, not here. */
  #compileName(name: NameQuery, options: FindByNameOptions<readonly Field[]>): Query {
    if (name === undefined) throw wrongType('name', nameTypes, name);
    const { by, ignoreCase, uid, ppid, exclude, zombies, limit, fields, maxBytes } = options;
    const query = { by, ignoreCase, uid, ppid, exclude, zombies, limit, fields, maxBytes };
    return compileQuery(name, query, this.#engine);
  }
}

async function abortable<T>(signal: AbortSignal | undefined, start: () => Promise<T>): Promise<T> {
  if (signal === undefined) return start();
  signal.throwIfAborted();
  let stopListening = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stopListening = onAbort(signal, () => reject(signal.reason));
  });
  try {
    return await Promise.race([start(), aborted]);
  } finally {
    stopListening();
  }
}

/** What the module's functions go by: nothing is loaded, and nothing kept. */
export const stateless = new Lookups(noEngine);
