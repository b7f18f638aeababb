/** psutil, the library that most scripts use. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ExternalContender } from '../contender.js';
import { questionIds } from '../report.js';
import { asset } from './asset.js';

const run = promisify(execFile);

/** The system's own first: that is where distributions put psutil. */
const interpreters = ['/usr/bin/python3', 'python3', 'python'];

/** By the name of the library it would be imported in place of the library. */
const program = 'ask_psutil.py';

const versions = `import platform, psutil
print(f"{psutil.__version__} (Python {platform.python_version()})")`;

async function findInterpreter(
  signal: AbortSignal | undefined,
): Promise<{ command: string; version: string }> {
  const reasons: string[] = [];
  for (const command of interpreters) {
    try {
      const { stdout } = await run(command, ['-c', versions], { signal });
      return { command, version: stdout.trim() };
    } catch (error) {
      reasons.push(`${command}: ${lastLine(error)}`);
    }
  }
  throw new Error(reasons.join('; '));
}

/** The last line of a traceback is the error. */
function lastLine(error: unknown): string {
  const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
  return code === 'ENOENT' ? 'not found' : (stderr.trim().split('\n').pop() ?? String(error));
}

export const psutil: ExternalContender = {
  id: 'psutil',
  title: 'psutil',
  questions: questionIds,
  async prepare(signal) {
    const { command, version } = await findInterpreter(signal);
    return { command, args: [asset(program)], version };
  },
};
