// Answers questions, one per line, by CPU nanoseconds and processes visited or found.
'use strict';
const { readdirSync, readFileSync } = require('node:fs');
const { createInterface } = require('node:readline');
const { findByName, findByNameSync, findByPidSync, scanSync } = require('procseek');

const absent = 'procseek-absent';

/** What a careful author would write without a library. */
function readEveryComm() {
  let visited = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d/.test(entry)) continue;
    try {
      if (readFileSync(`/proc/${entry}/comm`, 'utf8') === `${absent}\n`) return -1;
      visited++;
    } catch {}
  }
  return visited;
}

function scanAll() {
  let visited = 0;
  for (const { id } of scanSync()) visited += id.length > 0 ? 1 : 0;
  return visited;
}

const pidRepeats = 10000;

const questions = {
  'name sync': () => findByNameSync(absent).length,
  'name async': async () => (await findByName(absent)).length,
  scan: scanAll,
  'fs sync': readEveryComm,
  pid: () => {
    let found = 0;
    for (let i = 0; i < pidRepeats; i++) found += findByPidSync(process.ppid) ? 1 : 0;
    return found;
  },
};

async function answer(question) {
  const repeats = question === 'pid' ? pidRepeats : 1;
  const before = process.cpuUsage();
  const visited = await questions[question]();
  const { user, system } = process.cpuUsage(before);
  console.log(Math.round(((user + system) * 1000) / repeats), visited);
}

(async () => {
  for await (const line of createInterface({ input: process.stdin })) await answer(line);
})();
