/** Processes of other users, and of other namespaces. Hidden ones: test/fault. */
import { describe, expect, test } from 'vitest';
import { exists, fieldNames, findByName, findByPidSync } from '../../../src/index.js';
import { asNobody, inProcess } from '../../support/library.js';
import { start } from '../../support/processes.js';
import { makeScript, scratchDirectory, uniqueName } from '../../support/programs.js';
import { rootOnly } from '../../support/requirements.js';

const scratch = scratchDirectory();
const nobody = 65534;

test('Root sees all of a process of another user', rootOnly, async () => {
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

describe('Another user', rootOnly, () => {
  test('sees that a process of root exists, and what the system does not withhold', async () => {
    const name = uniqueName(20);
    const { pid } = await start(makeScript(scratch, name, '/bin/bash'));
    const fields = fieldNames.filter(
      (field) => !['user', 'tty', 'cgroup', 'containerId'].includes(field),
    );
    const seen = await inProcess(
      asNobody,
      { pid, name, fields },
      async ({ procseek }, { pid, name, fields }) => {
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
});

test('findByName finds what runs in a namespace of its own below', rootOnly, async () => {
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
