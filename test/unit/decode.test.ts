/** Records from rows that the native part of another platform would pack. */
import { describe, expect, test } from 'vitest';
import { decodeOne } from '../../src/decode.js';
import { fieldMask, type IoCounters } from '../../src/fields.js';

/** A packet (native/batch.h) of one row with `pid` and `io`. */
function packetOf(pid: number, io: readonly number[]): ArrayBuffer {
  const headSize = 32; // two lanes and a header of six
  const packed = new ArrayBuffer(headSize + (io.length + 1) * 8);
  // The head: no more to come, one batch. Its header: query, rows, ASCII, lanes, text, length.
  new Int32Array(packed).set([1, 1, 0, 1, 1, headSize, packed.byteLength, 0]);
  new Float64Array(packed, headSize).set(io);
  new Int32Array(packed, headSize + io.length * 8).set([0, pid]);
  return packed;
}

function decode(io: readonly number[]): { pid: number; io: IoCounters } | undefined {
  return decodeOne(packetOf(4711, io), fieldMask(['io']), 4711);
}

describe('The counters of io', () => {
  test('are told in order', () => {
    const io = { readChars: 1, writeChars: 2, readCalls: 3, writeCalls: 4 };
    expect(decode([1, 2, 3, 4, 5, 2 ** 53])).toEqual({
      pid: 4711,
      io: { ...io, readBytes: 5, writeBytes: 2 ** 53 },
    });
  });

  test('are null where the system keeps none', () => {
    const none = Number.NaN;
    const io = { readChars: null, writeChars: null, readCalls: null, writeCalls: null };
    expect(decode([none, none, none, none, 5, 0])).toEqual({
      pid: 4711,
      io: { ...io, readBytes: 5, writeBytes: 0 },
    });
  });
});
