/** The `procseek` command. */
import { parseArgs } from 'node:util';
import { findByName, type MatchBy, type Process } from 'procseek';
import { demo } from './demo.js';

const usage = `Usage:
  procseek find NAME...   processes of these names    [--by name|comm|exe|argv0|cmdline|any]
                          [--ignore-case] [--limit N] [--json]
  procseek demo           every kind of lookup on this machine, and what it costs

find exits with 0 when something was found, 1 when nothing was, 2 when it could not tell.
`;

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      by: { type: 'string' },
      'ignore-case': { type: 'boolean' },
      limit: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [command, ...names] = positionals;
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (command === 'demo' && names.length === 0) return demo();
  if (command !== 'find' || names.length === 0) {
    process.stderr.write(usage);
    return 2;
  }
  const found = await findByName(names, {
    by: values.by as MatchBy | undefined, // checked by findByName()
    ignoreCase: values['ignore-case'],
    limit: values.limit === undefined ? undefined : Number(values.limit),
  });
  process.stdout.write(values.json ? `${JSON.stringify(found)}\n` : found.map(line).join(''));
  return found.length === 0 ? 1 : 0;
}

function line({ pid, ppid, state, startTime, name }: Process): string {
  const started = new Date(startTime).toISOString();
  return `${String(pid).padStart(7)} ${String(ppid).padStart(7)} ${state.padEnd(12)} ${started} ${printable(name)}\n`;
}

/** A process can choose its name: it must not get to write to the terminal. */
function printable(name: string): string {
  return name.replace(/\p{Cc}/gu, '\ufffd');
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
