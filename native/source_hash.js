// Prints a hash of everything that the addon is compiled from. procseek.gypi puts it into the addon,
// so that a prebuild made from other sources can be told.
const { createHash } = require('node:crypto');
const { readdirSync, readFileSync, statSync } = require('node:fs');
const { join, sep } = require('node:path');

/** Without what node-gyp writes where it is run in this directory. */
function sourceFiles() {
  return readdirSync(__dirname, { recursive: true })
    .filter((file) => file.split(sep)[0] !== 'build')
    .filter((file) => statSync(join(__dirname, file)).isFile())
    .map((file) => file.split(sep).join('/'))
    .sort();
}

/** The same on every platform, however git checks out line ends. */
function sourceHash() {
  const hash = createHash('sha256');
  for (const file of sourceFiles()) {
    const content = readFileSync(join(__dirname, file), 'utf8').replaceAll('\r\n', '\n');
    hash.update(`native/${file}\0${content}\0`);
  }
  return hash.digest('hex').slice(0, 16);
}

module.exports = { sourceHash };

if (require.main === module) process.stdout.write(`${sourceHash()}\n`);
