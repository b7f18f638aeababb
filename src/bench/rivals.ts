/** The command that installs everybody who can take part. It is printed, never run. */

import { read } from './conditions.js';
import { externalContenders, jsContenders } from './contenders/index.js';
import { peerNames } from './contenders/peer.js';

const debianPackages = [
  'python3-psutil',
  'golang-go',
  'golang-github-shirou-gopsutil-dev',
  'procps',
];
const module = 'github.com/shirou/gopsutil/v4/process';

export function installCommand(): string {
  const isDebian = /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(read('/etc/os-release') ?? '');
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  const system = isDebian
    ? `${sudo}apt-get install -y --no-install-recommends ${debianPackages.join(' ')}`
    : `python3 -m pip install psutil && (cd "$(mktemp -d)" && go mod init rivals && go get ${module})`;
  return `npm install --no-save ${peerNames().join(' ')} && ${system}`;
}

export function describeRivals(): string {
  const titles = [...jsContenders, ...externalContenders].map(({ title }) => title);
  return `# Installs what can take part in the benchmark beside procseek. Nothing was installed now.
# Run it in the folder from which the benchmark is run. ${titles.length} contenders are known.
${installCommand()}
`;
}
