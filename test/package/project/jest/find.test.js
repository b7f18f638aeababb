// Jest gives every test file globals of its own, and loads modules anew.
const { children, findByName, findByPidSync, scan } = require('procseek');

test('finds a process by its PID', () => {
  expect(findByPidSync(process.pid)).toMatchObject({ pid: process.pid, ppid: process.ppid });
});

test('finds processes by strings, expressions and bytes', async () => {
  const { name } = findByPidSync(process.pid);
  for (const query of [name, new RegExp(RegExp.escape?.(name) ?? name), Buffer.from(name)]) {
    const found = await findByName(query);
    expect(found.map(({ pid }) => pid)).toContain(process.pid);
  }
});

test('streams', async () => {
  const pids = [];
  for await (const { pid } of scan({ pids: [process.pid] })) pids.push(pid);
  expect(pids).toEqual([process.pid]);
});

test('gives up when aborted, and says why', async () => {
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  await expect(findByName('anything', { signal })).rejects.toBe(reason);
});

test('tells children', async () => {
  const found = await children(process.ppid);
  expect(found.map(({ pid }) => pid)).toContain(process.pid);
});
