/** Processes of other users, and processes hidden by the mount options of /proc. */
import { describe, expect, test } from 'vitest';
import { exists, fieldNames, findByName, findByPidSync } from '../../src/index.js';
import { inProcess, type Surroundings } from '../support/library.js';
import { start, startNamed } from '../support/processes.js';
import { makeScript, scratchDirectory, uniqueName } from '../support/programs.js';

const scratch = scratchDirectory();
const nobody = 65534;

/** With a /proc of its own, mounted with this value of hidepid; proc(5). */
function withHidepid(hidepid: number): Surroundings {
  const mount = `mount -t proc -o hidepid=${hidepid} proc /proc && exec "$@"`;
  return { launcher: ['/usr/bin/unshare', '--mount', '/bin/sh', '-c', mount, 'sh'] };
}

test('Root sees all of a process of another user', async () => {
  const name = uniqueName(20);
  const { pid } = await start(makeScript(scratch, name, '/bin/bash'), [], { uid: nobody });
  expect(exists(pid)).toBe(true);
  const found = findByPidSync(pid, { fields: ['name', 'uid', 'gid', 'user', 'exe', 'environ'] });
  expect(found).toMatchObject({
    name,
    uid: nobody,
    gid: nobody,
    user: 'nobody',
    exe: '/usr/bin/bash',
  });
  expect(found?.environ).toHaveProperty('PATH');
});

describe('Another user', () => {
  test('sees that a process of root exists, and what the system does not withhold', async () => {
    const name = uniqueName(20);
    const { pid } = await start(makeScript(scratch, name, '/bin/bash'));
    const fields = fieldNames.filter(
      (field) => !['user', 'tty', 'cgroup', 'containerId'].includes(field),
    );
    const seen = await inProcess(
      {},
      { pid, name, fields },
      async ({ procseek }, { pid, name, fields }) => {
        process.setgroups?.([]);
        process.setgid?.(65534);
        process.setuid?.(65534);
        const isOf = (one: { pid: number }) => one.pid === pid;
        return {
          exists: procseek.exists(pid),
          record: procseek.findByPidSync(pid, { fields }),
          isSameLater: JSON.stringify(await procseek.findByPid(pid, { fields: ['exe', 'id'] })),
          byName: await procseek.findByName(name, { fields: ['exe', 'uid'] }),
          byExe: procseek.findByNameSync('bash', { by: 'exe' }).some(isOf),
          byPattern: procseek.findByNameSync(/bash/, { by: 'exe' }).some(isOf),
          byAny: procseek.findByNameSync(name, { by: 'any', fields: [] }),
          isScanned: [...procseek.scanSync()].some(isOf),
        };
      },
    );
    const withheld = { exe: null, cwd: null, root: null, environ: null, io: null };
    const ours = findByPidSync(pid, { fields: ['id', 'cmdline', 'startTime', 'fds'] });
    expect(seen.exists).toBe(true);
    expect(seen.record).toMatchObject({ ...withheld, pid, name, uid: 0, cmdline: ours?.cmdline });
    expect([ours?.fds, null]).toContain(seen.record?.fds);
    const nulls = Object.entries(seen.record ?? {}).filter(([, value]) => value === null);
    expect(nulls.map(([field]) => field).filter((field) => field !== 'fds')).toEqual(
      Object.keys(withheld),
    );
    expect(seen.isSameLater).toBe(JSON.stringify({ pid, id: ours?.id, exe: null }));
    expect(seen.byName).toEqual([{ pid, exe: null, uid: 0 }]);
    expect(seen).toMatchObject({
      byExe: false,
      byPattern: false,
      byAny: [{ pid }],
      isScanned: true,
    });
  });

  // With 1 a process is listed and may not be read, with 2 it is not even listed.
  test.each([1, 2])('is told that a process hidden by hidepid=%i exists', async (hidepid) => {
    const name = uniqueName(12);
    const { pid } = await startNamed(name);
    const id = findByPidSync(pid, { fields: ['id'] })?.id ?? '';
    const given = { pid, name, id };
    const seen = await inProcess(
      withHidepid(hidepid),
      given,
      async ({ procseek }, { pid, name, id }) => {
        const before = procseek.findByNameSync(name, { fields: [] });
        process.setgroups?.([]);
        process.setgid?.(65534);
        process.setuid?.(65534);
        const failure = (error: unknown) => {
          const { name, code, errno, pid, message } = error as Error & Record<string, unknown>;
          return { name, code, errno, pid, message };
        };
        const failureOf = (call: () => unknown) => {
          try {
            return call();
          } catch (error) {
            return failure(error);
          }
        };
        return {
          before,
          exists: procseek.exists(pid),
          atOnce: failureOf(() => procseek.findByPidSync(pid)),
          later: await procseek.findByPid(pid, { fields: ['name'] }).catch(failure),
          isRunning: failureOf(() => procseek.isRunning({ pid, id })),
          byName: await procseek.findByName(name),
          byCmdline: await procseek.findByName(name, { by: 'cmdline' }),
          scanned: [...procseek.scanSync({ pids: [pid, process.pid] }, { fields: ['uid'] })],
          isListed: [...procseek.scanSync({}, { fields: [] })].some((one) => one.pid === pid),
          self: procseek.findByPidSync(process.pid, { fields: ['uid'] }),
          selfPid: process.pid,
          absent: procseek.findByPidSync(2 ** 31 - 1) === undefined,
        };
      },
    );
    const failure = {
      name: 'ProcessError',
      code: 'EACCES',
      errno: -13,
      pid,
      message: expect.stringContaining(`process ${pid}; it exists, but is hidden from this user`),
    };
    expect(seen).toEqual({
      before: [{ pid }],
      exists: true,
      atOnce: failure,
      later: failure,
      isRunning: failure,
      byName: [],
      byCmdline: [],
      scanned: [{ pid: seen.selfPid, uid: nobody }],
      isListed: hidepid === 1,
      self: { pid: seen.selfPid, uid: nobody },
      selfPid: seen.selfPid,
      absent: true,
    });
  });
});

test('Without /proc a question fails, rather than being answered by "none"', async () => {
  const launcher = [
    '/usr/bin/unshare',
    '--mount',
    '/bin/sh',
    '-c',
    'mount -t tmpfs none /proc && exec "$@"',
    'sh',
  ];
  const seen = await inProcess({ launcher }, 0, async ({ procseek }) => {
    const code = (error: unknown) => (error as { code?: string }).code;
    const codeOf = (call: () => unknown) => {
      try {
        return call();
      } catch (error) {
        return code(error);
      }
    };
    return {
      exists: procseek.exists(process.pid),
      findByPidSync: codeOf(() => procseek.findByPidSync(process.pid)),
      findByPid: await procseek.findByPid(process.pid).catch(code),
      findByNameSync: codeOf(() => procseek.findByNameSync('x')),
      findByName: await procseek.findByName('x').catch(code),
      scan: await procseek.scan().next().catch(code),
      scanSync: codeOf(() => [...procseek.scanSync()]),
      children: await procseek.children(process.pid).catch(code),
    };
  });
  const { exists: isThere, ...codes } = seen;
  expect(isThere).toBe(true);
  expect(new Set(Object.values(codes))).toEqual(new Set(['ENOENT']));
});

test('findByName finds what runs in a namespace of its own below', async () => {
  const name = uniqueName(12);
  const { pid } = await start('/usr/bin/unshare', [
    '--pid',
    '--fork',
    '--kill-child',
    '/bin/bash',
    '-c',
    `printf ${name} > /proc/self/comm; echo $$; read line`,
  ]);
  const [found] = await findByName(name, { fields: ['ppid'] });
  expect(found?.ppid).toBe(pid);
});
