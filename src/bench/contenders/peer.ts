/** Other packages for Node.js, when the project or this package has them. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Found, JsContender, Targets } from '../contender.js';
import type { QuestionId } from '../report.js';
import { asking, type Questions } from './asking.js';

/** What a package exports, by which name soever: these changed between versions. */
export type Exports = Readonly<Record<string, unknown>>;

type Asks<L, A> = {
  readonly [Id in QuestionId]?: (library: L, targets: Targets) => A | Promise<A>;
};

interface Peer<L, A> {
  /** The package's name. */
  name: string;
  title?: string;
  /** Undefined when the package does not have what is asked of it. */
  pick(exports: Exports): L | undefined;
  questions: Asks<L, A>;
  found(answer: A, targets: Targets): Found[];
}

const names: string[] = [];

/** By which a package manager knows them. */
export function peerNames(): readonly string[] {
  return names;
}

export function peer<L, A>({
  name,
  title = name,
  pick,
  questions,
  found,
}: Peer<L, A>): JsContender {
  names.push(name);
  let library: Promise<L> | undefined;
  const load = () => {
    library ??= loadPeer(name, pick);
    return library;
  };
  const asks: { [Id in QuestionId]?: Questions<A>[Id] } = {};
  for (const [id, ask] of Object.entries(questions)) {
    asks[id as QuestionId] = async (targets) => ask(await load(), targets);
  }
  return {
    id: name,
    title,
    async version() {
      await load();
      return locate(name).version;
    },
    question: asking(asks, found),
  };
}

interface Installed {
  /** As a module of that directory would. */
  require: NodeJS.Require;
  version: string;
}

/** As the project in the current directory finds it, else as this package does. */
function locate(name: string): Installed {
  for (const from of [join(process.cwd(), 'package.json'), __filename]) {
    const require = createRequire(from);
    for (const directory of require.resolve.paths(name) ?? []) {
      const manifest = join(directory, name, 'package.json'); // not all packages export it
      if (!existsSync(manifest)) continue;
      const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
      return { require, version };
    }
  }
  throw new Error(`${name} is not installed`);
}

async function loadPeer<L>(name: string, pick: Peer<L, unknown>['pick']): Promise<L> {
  const { require, version } = locate(name);
  // import() takes modules of both kinds.
  const module = (await import(pathToFileURL(require.resolve(name)).href)) as Exports;
  const library = pick(module);
  if (library === undefined) throw new Error(`${name} ${version} has an API that is not known`);
  return library;
}

/** The first of these exports, in the module or among its defaults, that is a function. */
export function callable<F>(exports: Exports, ...names: string[]): F | undefined {
  for (let scope: unknown = exports, depth = 0; depth < 3; depth++) {
    const members = Object(scope) as Exports;
    for (const name of names) {
      if (typeof members[name] === 'function') return members[name] as F;
    }
    ({ default: scope } = members);
  }
  return undefined;
}
