/** The programs that people run and read: ps(1), pgrep(1), pidof(8). */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import type { Found, JsContender } from '../contender.js';
import { asking } from './asking.js';

/** Where the shell finds it, symbolic links followed: the program may go by another name. */
function locate(program: string): string | undefined {
  const { PATH = '' } = process.env;
  for (const directory of PATH.split(delimiter)) {
    const path = join(directory, program);
    try {
      accessSync(path, constants.X_OK);
      return realpathSync(path);
    } catch {}
  }
  return undefined;
}

const isBusybox = (program: string) => basename(locate(program) ?? '') === 'busybox';

async function versionOf(program: string): Promise<string> {
  const path = locate(program);
  if (path === undefined) throw new Error(`${program} is not on PATH`);
  // sysvinit's knows no such option, and takes --version for a name to look for.
  if (basename(path) === 'killall5') return sysvinitVersion();
  const { status, stdout, stderr } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (status === 127) throw new Error(stderr.trim()); // a BusyBox that was built without it
  const line = `${stdout}\n${stderr}`.split('\n').find((text) => /\d\.\d/.test(text));
  // BusyBox says more about who made it, in parentheses.
  return line?.split(' (')[0]?.trim() ?? 'unknown';
}

function sysvinitVersion(): string {
  const query = ['-W', '-f', `\${Version}`, 'sysvinit-utils'];
  const { status, stdout } = spawnSync('dpkg-query', query, { encoding: 'utf8' });
  return status === 0 ? `sysvinit ${stdout}` : 'sysvinit';
}

/** What it prints. */
function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
}

/** Lines of a PID, so many other columns, and a text that may have spaces. */
function rows(output: string, columnsBetween = 0): Found[] {
  const line = new RegExp(`^ *(\\d+) +(?:[^ ]+ +){${columnsBetween}}(.*?) *$`);
  return output.split('\n').flatMap((text) => {
    const [, pid, name] = line.exec(text) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), name }];
  });
}

function listing(): Found[] {
  return rows(run('ps', ['-e', '-o', 'pid=,comm=']));
}

function named(name: string): Found[] {
  return listing().filter((process) => process.name === name);
}

/** The names in `comm` are cut; a program's arguments, or a script's, have the whole of it. */
function namedByArguments(name: string): Found[] {
  const processes = rows(run('ps', ['-e', '-ww', '-o', 'pid=,args=']));
  const words = (text = '') => text.split(' ', 2).map((word) => basename(word));
  return processes.flatMap(({ pid, name: line }) =>
    words(line).includes(name) ? [{ pid, name }] : [],
  );
}

const listed = (found: Found[]) => found;

export const ps: JsContender = {
  id: 'ps',
  title: 'ps -e',
  version: () => versionOf('ps'),
  question: asking<Found[]>(
    {
      pid: ({ pid }) => rows(run('ps', ['-p', String(pid), '-o', 'pid=,comm='])),
      'name-absent': ({ absentName }) => named(absentName),
      'name-first': ({ commonName }) => named(commonName),
      'name-long': ({ longName }) => namedByArguments(longName),
      'all-names': listing,
      // lstart is five words.
      'all-default': () => rows(run('ps', ['-e', '-o', 'pid=,ppid=,state=,lstart=,comm=']), 7),
    },
    listed,
  ),
};

export const psQuick: JsContender = {
  id: 'ps-q',
  title: 'ps -q PID',
  async version() {
    const version = await versionOf('ps');
    if (isBusybox('ps')) throw new Error(`the ps of ${version} has no option -q`);
    return version;
  },
  question: asking<Found[]>(
    { pid: ({ pid }) => rows(run('ps', ['-q', String(pid), '-o', 'pid=,comm='])) },
    listed,
  ),
};

/** The PIDs that it prints; it exits with 1 when there are none. */
function search(program: string, args: readonly string[]): Found[] {
  try {
    const words = run(program, args).match(/\d+/g) ?? [];
    return words.map((word) => ({ pid: Number(word) }));
  } catch (error) {
    if ((error as { status?: number }).status === 1) return [];
    throw error;
  }
}

export const pgrep: JsContender = {
  id: 'pgrep',
  title: 'pgrep -x',
  version: () => versionOf('pgrep'),
  question: asking<Found[]>(
    {
      'name-absent': ({ absentName }) => search('pgrep', ['-x', absentName]),
      'name-first': ({ commonName }) => search('pgrep', ['-x', commonName]),
      // It compares names as the kernel cut them; -f takes the whole command line.
      'name-long': ({ longName }) => search('pgrep', ['-f', `(^|/)${longName}( |$)`]),
    },
    listed,
  ),
};

/** BusyBox's finds scripts without being asked to, and may have been built without options. */
function pidof(name: string, ...options: string[]): Found[] {
  return search('pidof', isBusybox('pidof') ? [name] : ['-x', ...options, name]);
}

export const pidOf: JsContender = {
  id: 'pidof',
  title: 'pidof -x',
  version: () => versionOf('pidof'),
  question: asking<Found[]>(
    {
      'name-absent': ({ absentName }) => pidof(absentName),
      'name-first': ({ commonName }) => pidof(commonName, '-s'),
      'name-long': ({ longName }) => pidof(longName),
    },
    listed,
  ),
};
