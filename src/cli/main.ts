/** The `procseek` command. */
import { bench } from '../bench/main.js';
import { benchUsage } from '../bench/options.js';
import { runAgent } from '../bench/pile_up.js';
import { work } from '../bench/worker.js';
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

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`procseek: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  },
);
