/**
 * One walk over processes, serving any number of consumers. Written as a generator that yields for
 * each step, so that one and the same logic is run synchronously and asynchronously.
 */
import { binding, type NativePass, type StepResult } from './binding.js';
import { type Batch, Packet } from './decode.js';
import { type ScanMessage, scanChannel } from './diagnostics.js';
import type { Engine } from './engine.js';
import { checkStatus } from './errors.js';
import type { NativeQuery } from './query.js';

/** Yields a pass to make a step with; takes what the step came to. */
export type Walk<T = void> = Generator<NativePass, T, StepResult>;

export interface Consumer {
  readonly native: NativeQuery;
  /** Wants no more. */
  readonly isDone: boolean;
  /** The walk starts; `cancel` tells it at once, even in the middle of a step, that `isDone` is. */
  begin(cancel: () => void): void;
  /** Rows for it. What goes wrong in here concerns this consumer alone. */
  take(batch: Batch): Walk;
  /** Done before the walk is. */
  finish(): void;
  fail(error: unknown): void;
}

/** `pids` to visit only these: ascending, without duplicates. */
export function* walk(engine: Engine, consumers: readonly Consumer[], pids?: Int32Array): Walk {
  const pass = openPass(engine, consumers, pids);
  const begun = performance.now();
  let records = 0;
  try {
    for (;;) {
      const result = checkStatus(yield pass);
      if (typeof result === 'number') return;
      const packet = new Packet(result);
      for (const batch of packet.batches) {
        records += batch.rows;
        yield* deliver(consumers, batch, pass);
      }
      if (packet.hasEnded) return;
    }
  } finally {
    binding.close(pass);
    if (scanChannel.hasSubscribers) publish(pass, consumers.length, records, begun);
  }
}

function publish(pass: NativePass, lookups: number, records: number, begun: number): void {
  const cost = binding.passCost(pass);
  // A step that goes on after it was abandoned: what it costs is not known yet.
  if (cost === undefined) return;
  const [processes = 0, cpuTime = 0] = new Float64Array(cost);
  const duration = performance.now() - begun;
  const message: ScanMessage = { lookups, processes, records, cpuTime, duration };
  scanChannel.publish(message);
}

function openPass(
  engine: Engine,
  consumers: readonly Consumer[],
  pids: Int32Array | undefined,
): NativePass {
  const pass = checkStatus(
    binding.openPass(engine.native, pids, scanChannel.hasSubscribers),
  ) as NativePass;
  consumers.forEach((consumer, position) => {
    const { by, flags, uid, ppid, limit, fields, names, textLimit, excluded } = consumer.native;
    checkStatus(
      binding.addQuery(pass, by, flags, uid, ppid, limit, fields, names, textLimit, excluded),
    );
    consumer.begin(() => binding.cancel(pass, position));
  });
  return pass;
}

function* deliver(consumers: readonly Consumer[], batch: Batch, pass: NativePass): Walk {
  const consumer = consumers[batch.query];
  if (consumer === undefined || consumer.isDone) return;
  try {
    yield* consumer.take(batch);
    if (!consumer.isDone) return;
    consumer.finish();
  } catch (error) {
    consumer.fail(error);
  }
  binding.cancel(pass, batch.query);
}

export function runSync<T>(steps: Walk<T>): T {
  let next = steps.next();
  while (!next.done) next = stepSync(steps, next.value);
  return next.value;
}

export async function run<T>(steps: Walk<T>): Promise<T> {
  let next = steps.next();
  while (!next.done) next = await step(steps, next.value);
  return next.value;
}

export function stepSync<T>(steps: Walk<T>, pass: NativePass): IteratorResult<NativePass, T> {
  let result: StepResult;
  try {
    result = binding.nextSync(pass);
  } catch (error) {
    return steps.throw(error);
  }
  return steps.next(result);
}

/** The walk hears of everything that goes wrong, so that it can release what it holds. */
export async function step<T>(
  steps: Walk<T>,
  pass: NativePass,
): Promise<IteratorResult<NativePass, T>> {
  let result: StepResult;
  try {
    result = await binding.next(pass);
  } catch (error) {
    return steps.throw(error);
  }
  return steps.next(result);
}
