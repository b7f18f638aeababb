/** `procseek find` */
import { parseArgs } from 'node:util';
import { capabilities, findByName, type MatchBy, type Process } from 'procseek';
import { printable, printableJson } from '../printable.js';

export const findUsage = `procseek find NAME... [--by name|comm|exe|argv0|cmdline|any] [--ignore-case] [--limit N] [--json]

  Exits with 0 when something was found, 1 when nothing was, 2 when it could not tell.
`;

export async function find(argv: string[]): Promise<number> {
  const { values, positionals: names } = parseArgs({
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
  if (values.help) {
    process.stdout.write(findUsage);
    return 0;
  }
  const found = await findByName(names, {
    by: values.by as MatchBy | undefined, // checked by findByName()
    ignoreCase: values['ignore-case'],
    exclude: values.by === 'cmdline' || values.by === 'any' ? 'ancestors' : 'self', // see pgrep(1)
    limit: values.limit === undefined ? undefined : Number(values.limit),
  });
  process.stdout.write(values.json ? `${printableJson(found)}\n` : found.map(line).join(''));
  if (found.length > 0) return 0;
  const { hidden } = capabilities().view;
  if (hidden !== null)
    process.stderr.write(`procseek: nothing was found, and ${printable(hidden)}\n`);
  return 1;
}

function line({ pid, ppid, state, startTime, name }: Process): string {
  const started = new Date(startTime).toISOString();
  return `${String(pid).padStart(7)} ${String(ppid).padStart(7)} ${state.padEnd(12)} ${started} ${printable(name)}\n`;
}
