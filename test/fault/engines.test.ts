/** Finders whose system calls fail for a while, or for good: what they answer is right all the same. */
import { describe, expect, test } from 'vitest';
import { offered } from '../support/engines.js';
import { hasStrace, onlyIf, strace } from '../support/requirements.js';
import { load, resultOf } from './support.js';

type Engine = 'events' | 'bpf';

/**
 * Asks a finder after this process, which calls itself something else each time: so many times, and
 * then until it has recovered, where it is given the time to. The calls of each thread are counted
 * for themselves, and only the lookups are the main thread's.
 */
function lookups(engine: Engine, count: number, timeToRecover = 0): string {
  return `${load}
    const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
    (async () => {
      const finder = await procseek.openFinder({ engine: '${engine}' });
      const wrong = [];
      const troubles = new Set();
      const deadline = Date.now() + ${timeToRecover};
      const goesOn = () => finder.degraded !== null && Date.now() < deadline;
      for (let i = 0; i < ${count} || goesOn(); i++) {
        const title = (i) => 'pf' + process.pid + '-' + i;
        process.title = title(i);
        const find = (i) => {
          const found = finder.findByNameSync(title(i)).map(({ pid }) => pid);
          troubles.add(finder.degraded === null ? 'none' : 'some');
          return found;
        };
        const found = find(i);
        const before = find(i - 1);
        if (found.join() !== String(process.pid) || before.length !== 0) wrong.push(i);
        await wait(${timeToRecover} && 40);
      }
      const { degraded } = finder;
      const memory = finder.memory;
      finder.close();
      console.log(JSON.stringify({ wrong, degraded, memory, troubles: [...troubles].sort() }));
    })();`;
}

interface Answer {
  wrong: number[];
  degraded: string | null;
  memory: number;
  troubles: string[];
}

const failing = (call: string, error: string, when: string, script: string) =>
  resultOf<Answer>(script, {
    wrapper: [
      ...[strace, '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', 'signal=none'],
      ...['-e', `inject=${call}:error=${error}:when=${when}`],
    ],
  });

const right = { wrong: [], degraded: null, troubles: ['none'] };

describe(
  'a program in the kernel',
  onlyIf(hasStrace && offered.engines.bpf.available, 'needs strace and the engine bpf'),
  () => {
    // Among the first calls are one of each kind: a map is made and filled, the loader loaded and run.
    test.each([
      ...['EAGAIN', 'EINTR'].flatMap((error) => [1, 2, 3, 4, 5].map((at) => [error, `${at}`])),
      ['EAGAIN', '3..6'],
    ])('is loaded when a call is interrupted (%s at call %s)', async (error, when) => {
      expect(await failing('bpf', error, when, lookups('bpf', 3))).toMatchObject(right);
    });

    test('that is interrupted all the time is refused for that reason, which is no lack', async () => {
      const script = `${load}
      procseek.openFinder({ engine: 'bpf' }).then(
        () => console.log('"opened"'),
        ({ code, message }) => console.log(JSON.stringify([code, message])));`;
      const [code, message] = (await failing('bpf', 'EAGAIN', '1+', script)) as unknown as string[];
      expect(code).toBe('EAGAIN');
      expect(message).not.toMatch(/does not take/);
    });

    test.each(['ENOMEM', 'EPERM', 'EINTR'])(
      'that cannot be run for a while (%s) is done without',
      async (error) => {
        const answer = await failing('bpf', error, '20..27', lookups('bpf', 30));
        expect(answer).toMatchObject({ wrong: [], degraded: null });
        expect(answer.troubles).toEqual(['none', 'some']);
      },
    );

    test('that cannot be run any more is done without, and the finder says so', async () => {
      const answer = await failing('bpf', 'EPERM', '20+', lookups('bpf', 30));
      expect(answer.wrong).toEqual([]);
      expect(answer.degraded).toMatch(/program/);
    });
  },
);

describe(
  'process events',
  onlyIf(hasStrace && offered.engines.events.available, 'needs strace and process events'),
  () => {
    test.each(['EIO', 'ENOMEM', 'EINTR', 'ENOBUFS'])(
      'that cannot be read for once (%s) are listened to again',
      async (error) => {
        expect(await failing('recvfrom', error, '20', lookups('events', 30))).toMatchObject(right);
      },
    );

    test.each(['EIO', 'ENOMEM'])(
      'that cannot be read for a while (%s) are done without until they can',
      async (error) => {
        const answer = await failing('recvfrom', error, '20..22', lookups('events', 30, 60_000));
        expect(answer).toMatchObject({ wrong: [], degraded: null, troubles: ['none', 'some'] });
      },
    );

    test.each(['EIO', 'ENOBUFS', 'EINTR'])(
      'that cannot be read any more (%s) are done without, and the finder says so',
      async (error) => {
        const answer = await failing('recvfrom', error, '20+', lookups('events', 30));
        expect(answer.wrong).toEqual([]);
        expect(answer.degraded).not.toBeNull();
      },
    );

    test.each(['socket', 'bind', 'sendto', 'setsockopt'])(
      'that cannot be listened to again (%s) are done without',
      async (call) => {
        const script = lookups('events', 30);
        const answer = await failing(`${call},recvfrom`, 'EMFILE', '20+', script);
        expect(answer.wrong).toEqual([]);
        expect(answer.degraded).not.toBeNull();
      },
    );

    test('are listened to by a finder although reading them says for ever that some were lost', async () => {
      const answer = await failing('recvfrom', 'ENOBUFS', '3+', lookups('events', 5));
      expect(answer.wrong).toEqual([]);
    });
  },
);
