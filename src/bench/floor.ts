/** The floor: bare native loops over the system calls that a question cannot do without. */
import { binding } from '../binding.js';
import type { JsContender } from './contender.js';
import type { QuestionId } from './report.js';

const loops = { everyComm: 0, everyStat: 1, oneStat: 2 } as const;

export const floorOf: Record<QuestionId, { loop: number; words: string }> = {
  pid: { loop: loops.oneStat, words: 'open, read and close its stat' },
  'name-absent': { loop: loops.everyComm, words: 'list /proc; open, read and close every comm' },
  'name-first': { loop: loops.everyComm, words: 'list /proc; open, read and close every comm' },
  'name-long': { loop: loops.everyComm, words: 'list /proc; open, read and close every comm' },
  'all-names': { loop: loops.everyComm, words: 'list /proc; open, read and close every comm' },
  'all-default': { loop: loops.everyStat, words: 'list /proc; open, read and close every stat' },
  'all-fields': { loop: loops.everyStat, words: 'list /proc; open, read and close every stat' },
};

/** It reads and does not look, so that no answer of it can be judged. */
export const floor: JsContender = {
  id: 'floor',
  title: 'bare native loop (the floor)',
  version: async () => '-',
  question: (id, targets) => ({
    ask: () => binding.floor(floorOf[id].loop, targets.pid),
    found: () => [],
  }),
};
