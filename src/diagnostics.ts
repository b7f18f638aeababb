/**
 * What lookups and watches cost, for operators to see: messages on channels of
 * `node:diagnostics_channel`. They are made only where somebody has subscribed.
 */
import { channel } from 'node:diagnostics_channel';

/** On the channel `procseek:scan`, for each pass over processes that lookups have made. */
export interface ScanMessage {
  /** How many lookups the pass served. */
  lookups: number;
  /** How many processes it came by; with the engines of a Finder, how many were looked at here. */
  processes: number;
  /**
   * How many records it gave to lookups. With regular expressions, all candidates: those that match
   * are then read again, in a pass of their own.
   */
  records: number;
  /** CPU time of the pass itself in milliseconds, on whichever threads; without decoding. */
  cpuTime: number;
  /** Milliseconds from its begin to its end. */
  duration: number;
}

export const scanChannel = channel('procseek:scan');
export const watchChannel = channel('procseek:watch');
