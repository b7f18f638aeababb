// Says what import and require() give on the Node.js that runs this, and whether it works.
import { createRequire } from 'node:module';
import procseek, * as imported from 'procseek';

const required = createRequire(import.meta.url)('procseek');
const { findByNameSync, findByPidSync, scan } = imported;

async function streamed() {
  for await (const { pid } of scan()) if (pid === process.pid) return true;
  return false;
}

const names = Object.keys(required);
const self = findByPidSync(process.pid);
const report = {
  version: process.versions.node,
  imported: Object.keys(imported).sort(),
  required: names.sort(),
  isOne: names.every((name) => Reflect.get(imported, name) === required[name]),
  isDefault: names.every((name) => procseek[name] === required[name]),
  foundPid: self?.pid === process.pid,
  name: self?.name,
  foundName: findByNameSync(self?.name).some(({ pid }) => pid === process.pid),
  foundInStream: await streamed(),
};
process.stdout.write(JSON.stringify(report));
