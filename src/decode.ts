/** From packed rows (native/batch.h) to records. */
import { binding, type StepResult } from './binding.js';
import { statusError } from './errors.js';
import {
  type DefaultField,
  defaultFields,
  type FieldRow,
  fieldMask,
  fieldTable,
  type Process,
  type ProcessState,
} from './fields.js';

/** The batches of one step. */
export class Packet {
  readonly ints: Int32Array;
  readonly doubles: Float64Array;
  readonly bytes: Buffer;
  readonly hasEnded: boolean;
  readonly batches: readonly Batch[];

  constructor(packed: ArrayBuffer) {
    this.ints = new Int32Array(packed);
    this.doubles = new Float64Array(packed);
    this.bytes = Buffer.from(packed);
    this.hasEnded = this.ints[0] === 1;
    const batches: Batch[] = [];
    for (let i = 0; i < int(this.ints, 1); i++) batches.push(new Batch(this, 2 + i * 6));
    this.batches = batches;
  }
}

/** The rows that one step found for one query. */
export class Batch {
  readonly packet: Packet;
  readonly query: number;
  readonly rows: number;
  readonly lanes: number;
  readonly textOffset: number;
  /** The whole run of text when it is ASCII: cutting it up is cheaper than decoding piecemeal. */
  readonly ascii: string | undefined;

  constructor(packet: Packet, header: number) {
    const { ints, bytes } = packet;
    this.packet = packet;
    this.query = int(ints, header);
    this.rows = int(ints, header + 1);
    this.lanes = int(ints, header + 3);
    this.textOffset = int(ints, header + 4);
    const end = this.textOffset + int(ints, header + 5);
    const isAscii = ints[header + 2] === 1;
    this.ascii = isAscii ? bytes.toString('latin1', this.textOffset, end) : undefined;
  }

  text(start: number, end: number): string {
    // V8 lets a substring of 13 characters or more keep the whole string alive, which would make
    // the memory of one record that is kept that of its batch.
    if (this.ascii !== undefined && end - start < 13) return this.ascii.substring(start, end);
    const { bytes } = this.packet;
    const from = this.textOffset + start;
    const to = this.textOffset + end;
    return bytes.toString(this.ascii !== undefined ? 'latin1' : 'utf8', from, to);
  }
}

interface Lane extends FieldRow {
  /** In 8-byte lanes for doubles, in 4-byte lanes for the rest, from the start of the row. */
  readonly slot: number;
  /** For texts: the slot of the text before this one, in the row before when it is not less. */
  readonly previousText: number;
}

/** Set in a row's flags: one of the query's strings matched (Batch::kMatched in native/batch.h). */
const matchedFlag = 1 << 31;

/** Likewise: there was more of a field than the limit (Batch::kCutCmdline, Batch::kCutEnviron). */
const cutFlags = { cmdline: 1 << 30, environ: 1 << 29 } as const;
const anyCutFlag = cutFlags.cmdline | cutFlags.environ;

const doublesOf: Partial<Record<FieldRow['kind'], number>> = { f64: 1, cpu_time: 2, io: 6 };

function isText(kind: FieldRow['kind']): boolean {
  return kind === 'text' || kind === 'list' || kind === 'pairs';
}

/** Reads rows that hold the fields of one mask as records of the fields of another one. */
export class Decoder<T> {
  readonly #lanes: readonly Lane[];
  readonly #stride: number;
  readonly #flags: number;
  /** Of rows that hold the default fields, and nothing else. */
  readonly #defaults: DefaultLanes | undefined;

  constructor(rowMask: number, wantedMask = rowMask) {
    const rows = fieldTable.filter((row) => rowMask & row.bit);
    let doubles = 0;
    let ints = 2 * rows.reduce((sum, row) => sum + (doublesOf[row.kind] ?? 0), 0);
    this.#flags = ints++;
    let previousText = -1;
    const lanes: Lane[] = [];
    for (const row of rows) {
      const width = doublesOf[row.kind];
      const slot = width === undefined ? ints++ : doubles;
      doubles += width ?? 0;
      lanes.push({ ...row, slot, previousText });
      if (isText(row.kind)) previousText = slot;
    }
    this.#stride = (ints + 1) & ~1;
    this.#lanes = lanes
      .map((lane) =>
        lane.previousText === -1 ? { ...lane, previousText: previousText - this.#stride } : lane,
      )
      .filter((lane) => wantedMask & lane.bit);
    if (rowMask === defaultMask && wantedMask === defaultMask) {
      this.#defaults = Object.fromEntries(
        this.#lanes.map((lane) => [lane.name, lane]),
      ) as unknown as DefaultLanes;
    }
  }

  isMatched(batch: Batch, row: number): boolean {
    const flags = int(batch.packet.ints, batch.lanes / 4 + row * this.#stride + this.#flags);
    return (flags & matchedFlag) !== 0;
  }

  decode(batch: Batch): T[] {
    const records: T[] = [];
    for (let row = 0; row < batch.rows; row++) records.push(this.record(batch, row));
    return records;
  }

  // Properties are assigned in one order, so that all records of a decoder have one shape.
  record(batch: Batch, row: number): T {
    const base = batch.lanes / 4 + row * this.#stride;
    const flags = int(batch.packet.ints, base + this.#flags);
    if (this.#defaults !== undefined && (flags & defaultMask) === 0) {
      return defaultRecord(batch, this.#defaults, base, row) as T;
    }
    const record: Record<string, unknown> = {};
    for (const lane of this.#lanes) {
      record[lane.name] = flags & lane.bit ? null : value(batch, lane, base, row);
    }
    if ((flags & anyCutFlag) !== 0) this.#tellCut(record, flags);
    return record as T;
  }

  #tellCut(record: Record<string, unknown>, flags: number): void {
    const cut = (['cmdline', 'environ'] as const).filter(
      (name) => name in record && (flags & cutFlags[name]) !== 0,
    );
    if (cut.length !== 0) Object.assign(record, { truncated: cut });
  }
}

type DefaultLanes = Record<'pid' | DefaultField, Lane>;

/** The same as a literal, which takes half the time. */
function defaultRecord(batch: Batch, lanes: DefaultLanes, base: number, row: number): Process {
  const { ints, doubles } = batch.packet;
  return {
    pid: int(ints, base + lanes.pid.slot),
    name: textOf(batch, lanes.name, base, row),
    ppid: int(ints, base + lanes.ppid.slot),
    state: binding.states[int(ints, base + lanes.state.slot)] as ProcessState,
    startTime: doubles[base / 2 + lanes.startTime.slot] as number,
    id: textOf(batch, lanes.id, base, row),
  };
}

const defaultMask = fieldMask(['pid', ...defaultFields]);

const decoders = new Map<number, Decoder<unknown>>();

/** A decoder of rows that hold what is wanted; the last few kinds are remembered. */
export function decoderFor<T>(mask: number): Decoder<T> {
  let decoder = decoders.get(mask);
  if (decoder === undefined) {
    if (decoders.size >= 16) decoders.clear();
    decoder = new Decoder(mask);
    decoders.set(mask, decoder);
  }
  return decoder as Decoder<T>;
}

function value(batch: Batch, lane: Lane, base: number, row: number): unknown {
  const { ints, doubles } = batch.packet;
  switch (lane.kind) {
    case 'i32':
      return ints[base + lane.slot];
    case 'u32':
      return int(ints, base + lane.slot) >>> 0;
    case 'word':
      return binding.states[int(ints, base + lane.slot)];
    case 'f64':
      return doubles[base / 2 + lane.slot];
    case 'cpu_time': {
      const first = base / 2 + lane.slot;
      return { user: doubles[first], system: doubles[first + 1] };
    }
    case 'io': {
      const first = base / 2 + lane.slot;
      return {
        readChars: counter(doubles[first]),
        writeChars: counter(doubles[first + 1]),
        readCalls: counter(doubles[first + 2]),
        writeCalls: counter(doubles[first + 3]),
        readBytes: counter(doubles[first + 4]),
        writeBytes: counter(doubles[first + 5]),
      };
    }
    case 'text':
      return textOf(batch, lane, base, row);
    case 'list':
      return elements(textOf(batch, lane, base, row));
    case 'pairs':
      return pairs(elements(textOf(batch, lane, base, row)));
  }
}

/** `null` for one that the system does not keep (kNotCounted in native/process.h). */
function counter(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

function textOf(batch: Batch, lane: Lane, base: number, row: number): string {
  const { ints } = batch.packet;
  const isFirst = row === 0 && lane.previousText < 0;
  const start = isFirst ? 0 : int(ints, base + lane.previousText);
  return batch.text(start, int(ints, base + lane.slot));
}

/** Every element ends in a NUL; but for the last one, when it was cut. */
function elements(list: string): string[] {
  if (list === '') return [];
  return (list.endsWith('\0') ? list.slice(0, -1) : list).split('\0');
}

/**
 * Of several variables of one name the first one counts, as for getenv(3). `null` when there is text
 * and no variable in it: the process has written something else over it.
 */
function pairs(list: readonly string[]): Record<string, string> | null {
  const found = new Map<string, string>();
  let hasVariable = list.length === 0;
  for (const pair of list) {
    const equals = pair.indexOf('=');
    hasVariable ||= equals >= 0;
    const name = pair.slice(0, equals);
    if (equals > 0 && !found.has(name)) found.set(name, pair.slice(equals + 1));
  }
  // fromEntries() defines what it is given, a variable called `__proto__` included.
  return hasVariable ? Object.fromEntries(found) : null;
}

/** An element that is there by construction. */
function int(ints: Int32Array, index: number): number {
  return ints[index] as number;
}

/** What a lookup of one process came to. */
export function decodeOne<T>(result: StepResult, mask: number, pid: number): T | undefined {
  if (result === 0) return undefined;
  if (typeof result === 'number') throw statusError(result, pid);
  const [batch] = new Packet(result).batches;
  return batch && decoderFor<T>(mask).record(batch, 0);
}
