/** The library's finders, one for each engine that has something to keep. */
import { defaultFields, type EngineName, type Field, type Finder, openFinder } from 'procseek';
import manifest from '../../../package.json';
import type { Found, JsContender } from '../contender.js';
import { asking } from './asking.js';

type Rows = readonly Found[];

function contender(engine: EngineName): JsContender {
  let finder: Finder | undefined;
  const opened = () => {
    if (finder === undefined) throw new Error(`the finder '${engine}' has not been opened`);
    return finder;
  };
  const gather = (fields: readonly Field[]): Rows => [...opened().scanSync({}, { fields })];
  return {
    id: `finder-${engine}`,
    title: `procseek, finder '${engine}'`,
    async version() {
      (await openFinder({ engine })).close();
      return manifest.version;
    },
    async prepare() {
      finder ??= await openFinder({ engine });
    },
    question: asking<Rows>(
      {
        'name-absent': ({ absentName }) => opened().findByNameSync(absentName),
        'name-first': ({ commonName }) => opened().findByNameSync(commonName, { limit: 1 }),
        'name-long': ({ longName }) => opened().findByNameSync(longName),
        'all-names': () => gather(['name']),
        'all-default': () => gather(defaultFields),
      },
      (rows) => [...rows],
    ),
  };
}

export const finderBpf = contender('bpf');
export const finderEvents = contender('events');
