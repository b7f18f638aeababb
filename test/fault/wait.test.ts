/** Waiting where there are no handles on processes, or few; and what waiting costs. */
import { beforeEach, describe, expect, it } from 'vitest';
import { tellsExits } from '../support/kernel.js';
import { onlyIf } from '../support/requirements.js';
import { refusing } from '../support/sandbox.js';
import { needing, needs } from '../support/system.js';
import { cleanExit, gather, load, resultOf, runScript } from './support.js';

/** `begin(command, …)` starts a child that reads its standard input. */
const tools = `${load}
  const fs = require('node:fs');
  const { once } = require('node:events');
  const { spawn } = require('node:child_process');
  const sleep = require('node:timers/promises').setTimeout;
  async function begin(...command) {
    const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child, 'spawn');
    return child;
  }
  const beginOwn = () => begin('/bin/sh', '-c', 'read code; exit "$code"');
  // Its child ends with the code that it is told, and is reaped when it is told so.
  async function beginKeeper() {
    const keeper = await begin('/usr/bin/python3', '-I', '-S', '-c', \`import os, sys
ours, theirs = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(theirs)
    os._exit((os.read(ours, 1) or b'\\\\0')[0])
print(pid, flush=True)
os.write(theirs, bytes([int(sys.stdin.readline())]))
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print('zombie', flush=True)
sys.stdin.readline()
os.waitpid(pid, 0)
print('reaped', flush=True)
sys.stdin.read()\`);
    const lines = require('node:readline').createInterface({ input: keeper.stdout })[Symbol.asyncIterator]();
    const line = async () => (await lines.next()).value;
    const say = (text) => keeper.stdin.write(text + '\\n');
    return { pid: Number(await line()), line, say, stop: () => keeper.kill('SIGKILL') };
  }
  const blockUntil = (condition) => {
    const patience = new Int32Array(new SharedArrayBuffer(4));
    for (const deadline = Date.now() + 60000; !condition() && Date.now() < deadline; ) Atomics.wait(patience, 0, 0, 5);
  };
  async function until(condition) {
    for (const deadline = Date.now() + 60000; !condition() && Date.now() < deadline; ) await sleep(5);
  }
  const identify = (pid) => procseek.findByPidSync(pid, { fields: ['id'] });
  const become = (uid) => { process.setgroups([]); process.setgid(uid); process.setuid(uid); };
  const count = (what) => fs.readdirSync('/proc/self/' + what).length;
  const end = (result) => { process.stdout.write(JSON.stringify(result)); process.exitCode = 0; };
  const attempt = (ask) => { try { return ask(); } catch ({ name, code, errno, syscall, pid }) {
    return { name, code, errno, syscall, pid };
  } };`;

const tell = <T>(body: string, options = {}) =>
  resultOf<T>(`${tools} (async () => { ${body} })();`, options);

describe.each(['ENOSYS', 'EPERM'] as const)('where pidfd_open(2) fails with %s', (error) => {
  const wrapper = refusing(error, 'pidfd_open');

  it('a wait looks again and again, and says why', async () => {
    const seen = await tell<Record<string, unknown>>(
      `const child = await beginOwn();
      const before = procseek.waitStats();
      const wait = procseek.waitForExit(child.pid);
      await until(() => procseek.waitStats().polls > 1);
      const { polls, ...during } = procseek.waitStats();
      child.stdin.write('3\\n');
      await wait;
      const { polls: later, ...after } = procseek.waitStats();
      end({ before, during, after, looksAgain: polls > 1, keepsCount: later >= polls });`,
      { wrapper },
    );
    expect(seen).toEqual({
      before: { waiting: 0, polled: 0, polls: 0, reason: null },
      during: { waiting: 1, polled: 1, reason: error },
      after: { waiting: 0, polled: 0, reason: error },
      looksAgain: true,
      keepsCount: true,
    });
  });

  it('the code of a zombie is told', async () => {
    const exits = await tell<unknown[]>(
      `const keeper = await beginKeeper();
      const waits = [procseek.waitForExit(keeper.pid), procseek.waitForExit(identify(keeper.pid))];
      keeper.say('7');
      await keeper.line();
      const exits = await Promise.all(waits);
      exits.push(await procseek.waitForExit(keeper.pid));
      keeper.stop();
      end(exits);`,
      { wrapper },
    );
    expect(exits).toEqual(new Array(3).fill({ code: 7, signal: null }));
  });

  it('the code of a child is told unless Node.js has reaped it before', async () => {
    const exit = await tell<unknown>(
      `const child = await beginOwn();
      const wait = procseek.waitForExit(child.pid);
      fs.writeSync(child.stdin._handle.fd, '3\\n');
      blockUntil(() => procseek.waitStats().polled === 0);
      end(await wait);`,
      { wrapper },
    );
    expect(exit).toEqual({ code: 3, signal: null });
  });

  it('a process that has been reaped has ended, and no more is known', async () => {
    const exits = await tell<unknown[]>(
      `const child = await begin('/bin/cat');
      const record = identify(child.pid);
      child.kill('SIGKILL');
      await once(child, 'exit');
      end([await procseek.waitForExit(child.pid), await procseek.waitForExit(record)]);`,
      { wrapper },
    );
    expect(exits).toEqual(new Array(2).fill({ code: null, signal: null }));
  });

  it('many waits are over in time, and one can be aborted', async () => {
    const outcome = await tell<unknown>(
      `const children = [];
      for (let i = 0; i < 50; i++) children.push(await begin('/bin/cat'));
      const controller = new AbortController();
      const aborted = procseek.waitForExit(process.pid, { signal: controller.signal });
      const waits = children.map(({ pid }) => procseek.waitForExit(pid));
      const { polled } = procseek.waitStats();
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(waits);
      controller.abort('enough');
      const reason = await aborted.catch((reason) => reason);
      end({ polled, reason, after: procseek.waitStats().polled });`,
      { wrapper },
    );
    expect(outcome).toEqual({ polled: 51, reason: 'enough', after: 0 });
  });

  it('a thread is no process, and a first thread that ends is no end', async () => {
    const seen = await tell<unknown>(
      `const child = await begin('/usr/bin/python3', '-I', '-S', '-c', \`import ctypes, os, platform, sys, threading
def go_on():
    sys.stdin.readline()
    os._exit(6)
threading.Thread(target=go_on).start()
ctypes.CDLL(None).syscall({'x86_64': 60, 'aarch64': 93}[platform.machine()], 0)\`);
      await until(() => /\\) Z /.test(fs.readFileSync('/proc/' + child.pid + '/stat', 'latin1')));
      const thread = Number(fs.readdirSync('/proc/' + child.pid + '/task').find((id) => Number(id) !== child.pid));
      const ofThread = await procseek.waitForExit(thread);
      let isOver = false;
      const wait = procseek.waitForExit(child.pid).then(() => { isOver = true; });
      const { polls } = procseek.waitStats();
      await until(() => procseek.waitStats().polls >= polls + 3);
      const tooSoon = isOver;
      child.stdin.write('end\\n');
      await wait;
      end({ ofThread, tooSoon });`,
      { wrapper },
    );
    expect(seen).toEqual({ ofThread: { code: null, signal: null }, tooSoon: false });
  });

  it('kill() sends signals all the same', async () => {
    const seen = await tell<unknown>(
      `const child = await begin('/bin/cat');
      const record = identify(child.pid);
      const ended = once(child, 'exit');
      const sent = [procseek.kill(record, 0), procseek.kill(child.pid, 0),
        procseek.kill({ pid: child.pid, id: 'x' }, 'SIGKILL'), procseek.kill(record)];
      const [, signal] = await ended;
      sent.push(procseek.kill(record), procseek.kill(child.pid));
      end({ sent, signal });`,
      { wrapper },
    );
    expect(seen).toEqual({ sent: [true, true, false, true, false, false], signal: 'SIGTERM' });
  });

  it("kill() is refused for another user's process, and sends nothing to threads", async (context) => {
    needs(context, 'users');
    const seen = await tell<{ pid: number; refused: unknown[]; thread: boolean[] }>(
      `const child = await begin('/bin/cat');
      const record = identify(child.pid);
      const thread = fs.readdirSync('/proc/self/task').map(Number).filter((id) => id !== process.pid);
      const threads = [...new Set(thread.map((id) => procseek.kill(id, 0)))];
      become(65534);
      const refused = [child.pid, record].map((one) => attempt(() => procseek.kill(one)));
      child.stdin.end();
      end({ pid: child.pid, refused, thread: threads });`,
      { wrapper },
    );
    const refused = { name: 'ProcessError', code: 'EPERM', errno: -1, syscall: 'kill' };
    expect(seen.refused).toEqual(new Array(2).fill({ ...refused, pid: seen.pid }));
    expect(seen.thread).toEqual([false]);
  });
});

it('Where only pidfd_send_signal(2) is unknown, kill() sends signals all the same', async () => {
  const seen = await tell<unknown>(
    `const child = await begin('/bin/cat');
    const record = identify(child.pid);
    const wait = procseek.waitForExit(record);
    const sent = [procseek.kill({ pid: child.pid, id: 'x' }), procseek.kill(record, 'SIGINT')];
    end({ sent, exit: await wait, stats: procseek.waitStats() });`,
    { wrapper: refusing('ENOSYS', 'pidfd_send_signal') },
  );
  expect(seen).toMatchObject({ sent: [false, true], stats: { polls: 0, reason: null } });
});

describe("another user's process", () => {
  beforeEach(needing('users'));

  it(
    'is told to have ended with its code, once reaped',
    onlyIf(tellsExits, 'needs a kernel that tells how others ended'),
    async () => {
      const exits = await tell<unknown[]>(
        `const keeper = await beginKeeper();
      const record = identify(keeper.pid);
      become(65534);
      const waits = [procseek.waitForExit(keeper.pid), procseek.waitForExit(record)];
      keeper.say('7\\nreap');
      const exits = await Promise.all(waits);
      end(exits);
      process.exit();`,
      );
      expect(exits).toEqual(new Array(2).fill({ code: 7, signal: null }));
    },
  );

  it('has ended as a zombie, too, and nothing is told that might be wrong', async () => {
    const exits = await tell<unknown[]>(
      `const keeper = await beginKeeper();
      become(65534);
      const wait = procseek.waitForExit(keeper.pid);
      keeper.say('7');
      await keeper.line();
      end([await wait, await procseek.waitForExit(keeper.pid)]);
      process.exit();`,
    );
    expect(exits).toEqual(new Array(2).fill({ code: null, signal: null }));
  });
});

describe('when file descriptors run out', () => {
  const limited = { wrapper: ['prlimit', '--nofile=128:128', '--'] };
  const starvation = `
    const held = [];
    function fill(spare) {
      for (;;) try { held.push(fs.openSync('/dev/null')); } catch { break; }
      for (let i = 0; i < spare; i++) fs.closeSync(held.pop());
    }
    const free = () => { for (const fd of held.splice(0)) fs.closeSync(fd); };`;

  it('waits do without them, and say so', async () => {
    const crowd = await gather(200);
    try {
      const seen = await tell<{
        polled: number;
        waiting: number;
        reason: string;
        failed: unknown[];
      }>(
        `const pids = ${JSON.stringify(crowd.pids)};
        const failed = [];
        const waits = pids.map((pid) => procseek.waitForExit(pid).catch(({ code }) => failed.push(code)));
        const { waiting, polled, reason } = procseek.waitStats();
        for (const pid of pids) process.kill(pid, 'SIGKILL');
        const exits = await Promise.all(waits);
        const wrong = exits.filter((exit) => exit.signal !== 'SIGKILL').length;
        end({ waiting, polled, reason, failed, wrong });`,
        limited,
      );
      expect(seen).toMatchObject({ failed: [], waiting: 200, reason: 'EMFILE', wrong: 0 });
      expect(seen.polled).toBeGreaterThan(50);
    } finally {
      await crowd.disperse();
    }
  });

  it('a wait fails with EMFILE or is over in time however many are left, and waits begun go on', async () => {
    const seen = await tell<{ begun: unknown; exits: unknown[]; left: number; again: number }>(
      `${starvation}
      const children = [];
      for (let i = 0; i < 9; i++) children.push(await begin('/bin/cat'));
      const [first, ...others] = children;
      const begun = procseek.waitForExit(first.pid);
      const waits = others.map(({ pid }, spare) => {
        fill(spare);
        const wait = procseek.waitForExit(pid).catch(({ name, code }) => ({ name, code }));
        free();
        return wait;
      });
      await null;
      fill(0);
      const again = procseek.waitStats().waiting;
      for (const { pid } of children) process.kill(pid, 'SIGKILL');
      await begun;
      free();
      const exits = await Promise.all(waits);
      end({ begun: await begun, exits, left: procseek.waitStats().waiting, again });`,
      limited,
    );
    expect(seen.begun).toMatchObject({ code: null });
    expect(seen.left).toBe(0);
    const failed = { name: 'ProcessError', code: 'EMFILE' };
    for (const exit of seen.exits) {
      if ((exit as { name?: string }).name) expect(exit).toEqual(failed);
      else expect(exit).toHaveProperty('signal');
    }
    expect(seen.exits.at(-1)).not.toHaveProperty('name');
  });

  it('kill() says so for a record, and needs none for a PID', async () => {
    const seen = await tell<unknown>(
      `${starvation}
      const child = await begin('/bin/cat');
      const record = identify(child.pid);
      fill(0);
      const starved = attempt(() => procseek.kill(record, 0));
      const ended = once(child, 'exit');
      const isSent = procseek.kill(child.pid);
      free();
      const [, signal] = await ended;
      end({ code: starved.code, isSent, signal });`,
      limited,
    );
    expect(seen).toEqual({ code: 'EMFILE', isSent: true, signal: 'SIGTERM' });
  });
});

describe('a thousand waits at a time', () => {
  it('take a file descriptor each, ask nothing meanwhile, and are all over in the end', async () => {
    const crowd = await gather(1000);
    try {
      const seen = await tell<Record<string, number>>(
        `const pids = ${JSON.stringify(crowd.pids)};
        const controller = new AbortController();
        const first = procseek.waitForExit(process.pid, { signal: controller.signal });
        const [descriptors, threads] = [count('fd'), count('task')];
        const waits = pids.map((pid) => procseek.waitForExit(pid));
        const taken = count('fd') - descriptors;
        const started = count('task') - threads;
        const { waiting, polled } = procseek.waitStats();
        for (const pid of pids) process.kill(pid, 'SIGTERM');
        const exits = await Promise.all(waits);
        const { polls } = procseek.waitStats();
        const left = count('fd') - descriptors;
        controller.abort();
        await first.catch(() => {});
        const right = exits.filter(({ code, signal }) => code === null && signal === 'SIGTERM').length;
        end({ taken, started, waiting, polled, polls, left, right });`,
        { wrapper: ['prlimit', '--nofile=8192:8192', '--'] },
      );
      const { taken, ...others } = seen;
      expect(taken).toBeLessThanOrEqual(1000);
      const over = { polled: 0, polls: 0, left: 0, right: 1000 };
      expect(others).toEqual({ started: 0, waiting: 1001, ...over });
    } finally {
      await crowd.disperse();
    }
  });
});

describe('a wait', () => {
  it('keeps Node.js from exiting, and no longer than it lasts', async () => {
    const script = `${load}
      const child = require('node:child_process').spawn('sleep', ['0.3'], { stdio: 'ignore' });
      child.unref();
      procseek.waitForExit(child.pid).then(({ signal }) => process.stdout.write('over ' + signal));`;
    expect(await runScript(script)).toEqual({ ...cleanExit, stdout: 'over null' });
  });

  it('that is aborted does not keep it from exiting', async () => {
    const script = `${load}
      const controller = new AbortController();
      procseek.waitForExit(process.pid, { signal: controller.signal }).catch((reason) => process.stdout.write(reason));
      setImmediate(() => controller.abort('aborted'));`;
    expect(await runScript(script)).toEqual({ ...cleanExit, stdout: 'aborted' });
  });

  it('of a process that there is not does not keep it from exiting', async () => {
    const script = `${load} procseek.waitForExit(2 ** 31 - 1);
      procseek.waitForExit({ pid: process.pid, id: 'x' });`;
    expect(await runScript(script)).toEqual(cleanExit);
  });

  it('leaves no descriptor, no thread and no active handle behind, however it ends', async () => {
    const seen = await tell<{ before: unknown; after: unknown; stats: unknown }>(
      `const child = await begin('/bin/cat');
      child.kill('SIGKILL');
      await once(child, 'close');
      await until(() => !process.getActiveResourcesInfo().includes('ProcessWrap'));
      for (let i = 0; i < 10; i++) await new Promise(setImmediate);
      const look = () => ({ fd: count('fd'), task: count('task'), active: process.getActiveResourcesInfo().sort() });
      const before = look();
      for (let i = 0; i < 100; i++) {
        const controller = new AbortController();
        const wait = procseek.waitForExit(process.pid, { signal: controller.signal });
        await procseek.waitForExit(2 ** 31 - 1);
        controller.abort();
        await wait.catch(() => {});
      }
      for (let i = 0; i < 20; i++) {
        const child = await begin('/bin/cat');
        const closed = once(child, 'close');
        const waits = [1, 2, 3].map(() => procseek.waitForExit(child.pid));
        child.kill('SIGKILL');
        await Promise.all([closed, ...waits]);
      }
      const isAsBefore = () => JSON.stringify(look()) === JSON.stringify(before);
      await until(isAsBefore);
      end({ before, after: look(), stats: procseek.waitStats() });`,
    );
    expect(seen.after).toEqual(seen.before);
    expect(seen.stats).toMatchObject({ waiting: 0, polled: 0, polls: 0 });
  });

  describe('sleeps until there is something to hear of', () => {
    /**
     * How often a second the threads that waiting has started wake up: in the quietest of some half
     * seconds, for what others do wakes those up that hear of it.
     */
    const wakeUps = `
      const threads = () => fs.readdirSync('/proc/self/task');
      const switches = (ids) => ids.map((id) =>
        Number(/^voluntary_ctxt_switches:\\s+(\\d+)/m.exec(fs.readFileSync('/proc/self/task/' + id + '/status', 'utf8'))[1]));
      const others = new Set(threads());
      const child = await begin('/bin/cat');
      const wait = procseek.waitForExit(child.pid);
      const started = threads().filter((id) => !others.has(id));
      for (let last = ''; ; await sleep(20)) {
        const now = started.map((id) => fs.readFileSync('/proc/self/task/' + id + '/stat', 'latin1').split(') ')[1][0]).join('');
        if (last === now && /^S+$/.test(now)) break;
        last = now;
      }
      let least = Infinity;
      let all = 0;
      for (let round = 0; round < 40 && (least > enough || all < needed); round++) {
        const before = switches(started);
        const begun = performance.now();
        await sleep(500);
        const many = switches(started).reduce((sum, count, i) => sum + count - before[i], 0);
        all += many;
        least = Math.min(least, (many * 1000) / (performance.now() - begun)); // it may have slept longer
      }
      child.kill();
      await wait;
      end({ threads: started.length, least, all });`;

    it('and does not wake up once with a handle', async () => {
      const script = `const enough = 0, needed = 0;${wakeUps}`;
      expect(await tell(script)).toEqual({ threads: 1, least: 0, all: 0 });
    });

    it('but without one wakes up a few times a second', async () => {
      const wrapper = refusing('ENOSYS', 'pidfd_open');
      const script = `const enough = 59, needed = 1;${wakeUps}`;
      const { least, all } = await tell<{ least: number; all: number }>(script, { wrapper });
      expect(all).toBeGreaterThan(0);
      // What others do causes events, which are heard of every 25 ms at most.
      expect(least).toBeLessThan(60);
    });
  });
});
