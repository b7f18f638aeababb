/** Programs on Windows are target.exe (target.c), which PROCSEEK_TEST_TARGET is the path of. */
import { spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import type { Programs } from '../system.js';

export const { PROCSEEK_TEST_TARGET: target = '' } = process.env;

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
    spawn(program, args, {
      stdio: 'pipe',
      ...(argv0 === undefined ? {} : { argv0 }),
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    }),
  bound: (command) => command,
};
