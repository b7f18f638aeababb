/** What the cells need: packages of npm and of Debian, in .cache/platforms wherever possible. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { inRoot, output, succeeds } from '../../scripts/run.mjs';

const cache = inRoot('.cache/platforms/packages');

/** The directory of a package from npm, whatever machine it is for. */
export function npmPackage(specifier) {
  return unpacked(specifier.replaceAll('/', '+'), 'package', (directory) => {
    const flags = ['--silent', '--pack-destination', directory];
    const file = output('npm', ['pack', specifier, ...flags]).trim();
    output('tar', ['-xzf', join(directory, file), '-C', directory]);
    rmSync(join(directory, file));
  });
}

/** Installs Debian packages of which one of these files is missing. */
export function debianPackages(fileOf) {
  const missing = Object.keys(fileOf).filter((name) => !existsSync(fileOf[name]));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !succeeds('sh', ['-c', 'command -v apt-get']))
    throw new Error(`not here, and only root may install it: ${missing.join(' ')}`);
  const apt = (...args) =>
    output('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args]);
  apt('update');
  apt('install', '--yes', '--no-install-recommends', ...missing);
}

/**
 * A directory with the files of Debian packages of a release and for a processor that may not be
 * this machine's, whose own list of packages stays as it is.
 */
export function debianFiles(release, architecture, packages) {
  return unpacked(`debian-${release}-${architecture}`, 'root', (directory) => {
    const apt = downloader(directory, release, architecture);
    apt('update');
    apt('download', ...packages.map((name) => `${name}:${architecture}`));
    extract(directory);
  });
}

/** The same of a package and all that it depends on, which runs where this is the root. */
export function debianSystem(release, architecture, name) {
  return unpacked(`debian-${release}-${architecture}-${name}`, 'root', (directory) => {
    const apt = downloader(directory, release, architecture);
    apt('update');
    const needed = apt('install', '--no-install-recommends', '--print-uris', name);
    // 'URI' name_version_architecture.deb size hash
    apt('download', ...needed.match(/(?<=' )[^_]+/g));
    extract(directory);
    symlinkSync('usr/lib', join(directory, 'root/lib')); // merged, which no package does
  });
}

function extract(directory) {
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.deb')))
    output('dpkg', ['--extract', join(directory, file), join(directory, 'root')]);
}

/** An apt-get with a state of its own, which downloads from where this machine does. */
function downloader(directory, release, architecture) {
  const packageLists = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'];
  const [archive] = output('apt-get', packageLists).split('\n');
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const sources = join(directory, 'sources.list');
  const configuration = join(directory, 'apt.conf');
  for (const name of ['lists', 'archives'])
    mkdirSync(join(directory, name, 'partial'), { recursive: true });
  writeFileSync(sources, `deb [signed-by=${keyring}] ${archive} ${release} main\n`);
  const settings = {
    'Dir::State': directory,
    'Dir::State::status': '/dev/null',
    'Dir::Cache': directory,
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '/dev/null',
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': 'root',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";\n`);
  writeFileSync(configuration, lines.join(''));
  const script = 'cd "$0" && APT_CONFIG="$0/apt.conf" exec apt-get -qq "$@"';
  return (...args) => output('sh', ['-c', script, directory, ...args]);
}

/** Makes a directory in the cache, at once or not at all. */
function unpacked(name, within, fill) {
  const directory = join(cache, name);
  if (!existsSync(directory)) {
    const unfinished = `${directory}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    fill(unfinished);
    renameSync(unfinished, directory);
  }
  return join(directory, within);
}
