// Prints a hash of everything that the addon is compiled from. binding.gyp puts it into the addon,
// so that a prebuild made from other sources can be told.
const { createHash } = require('node:crypto');
const { readdirSync, readFileSync, statSync } = require('node:fs');
const { join, sep } = require('node:path');

const root = join(__dirname, '..');

function sourceFiles() {
  const native = readdirSync(__dirname, { recursive: true }).map((name) => join('native', name));
  return ['binding.gyp', ...native]
    .filter((file) => statSync(join(root, file)).isFile())
    .map((file) => file.split(sep).join('/'))
    .sort();
}

/** The same on every platform, however git checks out line ends. */
function sourceHash() {
  const hash = createHash('sha256');
  for (const file of sourceFiles()) {
    const content = readFileSync(join(root, file), 'utf8').replaceAll('\r\n', '\n');
    hash.update(`${file}\0${content}\0`);
  }
  return hash.digest('hex').slice(0, 16);
}

module.exports = { sourceHash };

if (require.main === module) process.stdout.write(`${sourceHash()}\n`);
