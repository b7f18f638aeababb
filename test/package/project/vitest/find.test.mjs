import { findByName, findByPidSync, scan } from 'procseek';

test('finds a process by its PID', () => {
  expect(findByPidSync(process.pid)).toMatchObject({ pid: process.pid, ppid: process.ppid });
});

test('finds processes by name', async () => {
  const { name } = findByPidSync(process.pid);
  const found = await findByName(name);
  expect(found.map(({ pid }) => pid)).toContain(process.pid);
});

test('streams', async () => {
  const pids = [];
  for await (const { pid } of scan({ pids: [process.pid] })) pids.push(pid);
  expect(pids).toEqual([process.pid]);
});
