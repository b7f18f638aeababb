/** The `procseek` command. */
import { bench } from '../bench/main.js';
import { benchUsage } from '../bench/options.js';
import { runAgent } from '../bench/pile_up.js';
import { work } from '../bench/worker.js';
import { printable } from '../printable.js';
import { demo } from './demo.js';
import { find, findUsage } from './find.js';

const usage = `${findUsage}
${benchUsage}
procseek demo

  Every kind of lookup on this machine, and what it costs.
`;

/** Undefined while a process that serves another one goes on. */
async function main([command, ...rest]: string[]): Promise<number | undefined> {
  switch (command) {
    case 'find':
      return find(rest);
    case 'bench':
      return bench(rest);
    case 'demo':
      return demo();
    // The processes that a benchmark starts.
    case 'bench-worker':
      work();
      return undefined;
    case 'bench-agent':
      runAgent();
      return undefined;
    case '--help':
    case '-h':
      process.stdout.write(usage);
      return 0;
    default:
      process.stderr.write(usage);
      return 2;
  }
}

// Whoever read what is printed may have seen enough: that is no failure, and the exit code tells
// what was found all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    // A message may quote arguments, and names of files.
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`procseek: ${printable(message)}\n`);
    process.exitCode = 2;
  },
);
