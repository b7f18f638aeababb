/** Listening to signals, of which one may serve any number of lookups at a time. */

interface Listener {
  readonly callbacks: Set<() => void>;
  readonly abort: () => void;
}

const listeners = new WeakMap<AbortSignal, Listener>();

/**
 * Calls back when the signal is aborted. Returns a function that ends this. However many there are,
 * the signal has one listener: Node.js takes more than ten for a leak.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const listener = listeners.get(signal) ?? listen(signal);
  listener.callbacks.add(callback);
  return () => {
    listener.callbacks.delete(callback);
    if (listener.callbacks.size > 0 || listeners.get(signal) !== listener) return;
    listeners.delete(signal);
    try {
      signal.removeEventListener('abort', listener.abort);
    } catch {
      // A signal of somebody's own making, which has nobody to call any more.
    }
  };
}

function listen(signal: AbortSignal): Listener {
  const callbacks = new Set<() => void>();
  const abort = () => {
    for (const callback of callbacks) callback();
  };
  const listener = { callbacks, abort };
  signal.addEventListener('abort', abort, { once: true });
  listeners.set(signal, listener);
  return listener;
}

interface Abortable {
  abort(reason: unknown): void;
}

/** Signals nobody wants to hear of any more, because what they were to abort has been collected. */
const abandoned = new FinalizationRegistry<() => void>((stopListening) => stopListening());

/**
 * Aborts `target` along with the signal, at the earliest in a moment. A signal that lives long does
 * not keep it alive.
 */
export function abortWith(target: Abortable, signal: AbortSignal): () => void {
  const reference = new WeakRef(target);
  const abort = () => reference.deref()?.abort(signal.reason);
  const stopListening = onAbort(signal, abort);
  abandoned.register(target, stopListening);
  if (signal.aborted) queueMicrotask(abort);
  return stopListening;
}
