// An agent that has to know, at any time, which PIDs a program has: for collecting its logs, say.
//
//   node examples/agent.mjs NAME
//
// It used to ask every ten seconds, by loading all processes with all of their fields:
//
//   setInterval(async () => {
//     const found = (await allProcesses()).filter(({ name }) => name === wanted);
//     …
//   }, 10_000);
//
// which costs the same whether or not anything has changed, misses what comes and goes between two
// looks, and piles up when a look takes longer than ten seconds. Instead, it is told.
import { watch } from 'procseek';

const [wanted] = process.argv.slice(2);
if (wanted === undefined) {
  console.error('usage: node examples/agent.mjs NAME');
  process.exit(2);
}

function report(event, { pid, startTime }, details = {}) {
  console.log(JSON.stringify({ event, pid, since: new Date(startTime).toISOString(), ...details }));
}

const watcher = watch(wanted);

// A program comes up by being started, or by a process of another name executing it.
watcher.on('start', ({ process, existing }) => report('up', process, { existing }));
watcher.on('rename', ({ process, matches, previousName }) =>
  report(matches ? 'up' : 'renamed', process, { name: process.name, previousName }),
);
watcher.on('exit', ({ process, code, signal }) => report('down', process, { code, signal }));

// What the watch itself costs, every minute, without keeping the agent alive for it.
setInterval(() => console.log(JSON.stringify({ event: 'cost', ...watcher.stats })), 60_000).unref();

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    const pids = [...watcher.processes.keys()];
    watcher.close();
    console.log(JSON.stringify({ event: 'stop', running: pids, ...watcher.stats }));
    process.exit();
  });
}

await watcher.ready;
const { backend, reason } = watcher.stats;
console.log(JSON.stringify({ event: 'ready', running: watcher.processes.size, backend, reason }));
