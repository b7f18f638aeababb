/** What the compiler knows of ending and signalling processes. */
import { describe, expectTypeOf, test } from 'vitest';
import {
  type EndedProcess,
  type Exit,
  findByPidSync,
  type KillTreeResult,
  killGroup,
  killTree,
  type Process,
  type ProcessGroup,
  type RemainingProcess,
  type RemainingReason,
  signalTree,
} from '../../src/index.js';

describe('Ending and signalling processes', () => {
  test('tells what became of each', () => {
    expectTypeOf(killTree(1)).resolves.toEqualTypeOf<KillTreeResult>();
    expectTypeOf<KillTreeResult>().toEqualTypeOf<{
      ended: EndedProcess[];
      killed: EndedProcess[];
      remaining: RemainingProcess[];
      denied: RemainingProcess[];
    }>();
    expectTypeOf<EndedProcess['exit']>().toEqualTypeOf<Exit>();
    expectTypeOf<RemainingProcess['reason']>().toEqualTypeOf<RemainingReason>();
    expectTypeOf<EndedProcess>().toExtend<Process>();
    expectTypeOf<RemainingProcess>().toExtend<Process>();
    expectTypeOf(killGroup({ sid: 2 })).resolves.toEqualTypeOf<KillTreeResult>();
    expectTypeOf(signalTree(1)).toEqualTypeOf<{ signalled: Process[]; denied: Process[] }>();
  });

  test('is of PIDs, or of records with their identity, one or several', () => {
    const found = findByPidSync(1);
    const { signal } = new AbortController();
    if (found) {
      void killTree(found, { killSignal: 2, grace: 1, patience: 1, force: true, signal });
      void killTree([found, 1] as const);
      signalTree([found, { pid: 1, id: 'x' }], 'SIGHUP', { force: false });
    }
    void killTree([], undefined);
    const groups: ProcessGroup[] = [{ pgid: 2 }, { sid: 2 }, { cgroup: '/a' }];
    for (const group of groups) void killGroup(group, { grace: 1 });
    // @ts-expect-error the id was not asked for
    void killTree({ pid: 1, name: 'x' });
    // @ts-expect-error a process may have ended
    signalTree(findByPidSync(1));
    // @ts-expect-error there is no such option
    void killTree(1, { timeout: 1 });
    // @ts-expect-error a path is a string
    void killGroup({ cgroup: 1 });
  });
});
