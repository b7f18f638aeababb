/** Programs on Windows are target.exe (target.c), which PROCSEEK_TEST_TARGET is the path of. */
import { spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import type { Programs } from '../system.js';

export const { PROCSEEK_TEST_TARGET: target = '' } = process.env;

const enoughTries = 5;

/** Of some thousand processes, Wine fails to start one, for no reason. */
export function insist<T>(start: () => T): T {
  for (let tries = 1; ; tries++) {
    try {
      return start();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'UNKNOWN' || tries === enoughTries) throw error;
    }
  }
}

export const programs: Programs = {
  makeEcho: (path) => copyFileSync(target, path),
  exiting: [target, 'exiting'],
  makeExiting(path) {
    copyFileSync(target, path);
    return [path, 'exiting'];
  },
  family: [target, 'family', '0'],
  parent: [target, 'parent'],
  spawn: (program, args, { argv0, cwd, env }) =>
    insist(() =>
      spawn(program, args, {
        stdio: 'pipe',
        ...(argv0 === undefined ? {} : { argv0 }),
        ...(cwd === undefined ? {} : { cwd }),
        ...(env === undefined ? {} : { env }),
      }),
    ),
  bound: (command) => command,
};
