/** The library's own count of system calls, against what strace(1) sees. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { traced } from '../support/library.js';
import { root } from '../support/platform.js';
import { needsStrace } from '../support/requirements.js';

const addon = ['build/Release', `prebuilds/${process.platform}-${process.arch}`]
  .map((folder) => join(root, folder, 'procseek.node'))
  .find((file) => existsSync(file));
const others =
  'read,close,getdents64,tgkill,access,faccessat,faccessat2,readlinkat,readlink,newfstatat,statx,openat2';

const lookups = ['name', 'pid', 'fields', 'scan', 'pids'] as const;

test.each(lookups)(
  'The system calls of a lookup are counted right: %s',
  needsStrace,
  async (lookup) => {
    const lines = await traced(
      others,
      { addon, lookup },
      ({ procseek, require, begin, end }, told) => {
        const { systemCalls } = require(told.addon ?? '') as { systemCalls(): number };
        const { openSync } = require('node:fs') as typeof import('node:fs');
        const ask = {
          name: () => procseek.findByNameSync('absent'),
          pid: () => procseek.findByPidSync(process.pid),
          // All but the account's name, which getpwuid_r(3) looks for in its own way.
          fields: () =>
            procseek.findByPidSync(process.pid, {
              fields: procseek.fieldNames.filter((field) => field !== 'user'),
            }),
          scan: () => [...procseek.scanSync({}, { fields: ['exe', 'name'] })],
          pids: () => [...procseek.scanSync({ pids: [process.pid, process.ppid] })],
        }[told.lookup];
        ask(); // loads what the first time loads
        begin();
        const before = systemCalls();
        ask();
        const made = systemCalls() - before;
        try {
          openSync(`/counted-${made}`, 'r');
        } catch {}
        end();
      },
    );
    const [, thread, counted] = /^(\d+) .*counted-(\d+)/m.exec(lines.join('\n')) ?? [];
    // One of procseek's reads what may not answer. Others are the runtime's, and do what they like.
    const reader = lines.flatMap(
      (line) => /^(\d+) +openat.*(cmdline|environ|io)"/.exec(line)?.[1] ?? [],
    );
    const threads = [thread, ...reader].join('|');
    const calls = lines.filter((line) => new RegExp(`^(${threads}) +\\w+\\(`).test(line));
    const seen = calls.filter((line) => !line.includes('/counted-'));
    expect(seen).not.toEqual([]);
    expect(Number(counted)).toBe(seen.length);
  },
);
