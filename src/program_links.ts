/** Paths of programs as users write them, and as the system tells them: symbolic links resolved. */
import { readlinkSync } from 'node:fs';
import { posix } from 'node:path';

/**
 * The directories of the system's own programs: what is in them can be told without asking a server
 * that may not answer, or nothing on this host would run.
 */
const directories: readonly string[] = [
  '/bin',
  '/sbin',
  '/usr/bin',
  '/usr/sbin',
  '/etc/alternatives',
];

/** As many links as Linux follows in a path (MAXSYMLINKS in linux/namei.h). */
const mostLinks = 40;

/** Where links of these directories lead to: the path itself when it is none, or is anywhere else. */
export function followProgramLinks(path: string): string {
  let followed = path;
  for (let links = 0; links < mostLinks; links++) {
    const directory = posix.dirname(followed);
    if (!directories.includes(directory)) break;
    const ofDirectory = linkTarget(directory);
    const ofProgram = ofDirectory === undefined ? linkTarget(followed) : undefined;
    if (ofDirectory !== undefined) {
      followed = posix.resolve('/', ofDirectory, posix.basename(followed));
    } else if (ofProgram !== undefined) followed = posix.resolve(directory, ofProgram);
    else break;
  }
  return followed;
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // it is no link, or there is none of that name
  }
}
