/** `procseek bench`: what each question costs on this host, with this library and with others. */
import { compare } from './compare.js';
import { Crowd, whyNot } from './crowd.js';
import { benchUsage, type Options, parseOptions } from './options.js';
import { Outputs } from './outputs.js';
import { readReport } from './read_report.js';
import { renderComparison, renderText } from './render/text.js';
import type { Report } from './report.js';
import { describeRivals } from './rivals.js';
import { fewSleepers, run } from './run.js';
import { killAll } from './started.js';

export async function bench(argv: string[]): Promise<number> {
  const options = parseOptions(argv);
  if (options === undefined || options.rivals) {
    process.stdout.write(options === undefined ? benchUsage : describeRivals());
    return 0;
  }
  // What can be wrong is found out before minutes are spent.
  const old = options.compare === undefined ? undefined : readReport(options.compare);
  const outputs = new Outputs(options.files);
  try {
    const report =
      options.from === undefined ? await measure(options, outputs) : readReport(options.from);
    outputs.write(report);
    process.stdout.write(renderText(report));
    if (old !== undefined) process.stdout.write(renderComparison(compare(old, report)));
  } finally {
    outputs.discard();
  }
  return 0;
}

async function measure(options: Options, outputs: Outputs): Promise<Report> {
  const reason = whyNot(options.processes + fewSleepers);
  if (reason !== undefined) throw new Error(reason);
  const crowds = { few: new Crowd(), many: new Crowd() };
  const end = () => Promise.all([crowds.few.end(), crowds.many.end()]);
  const interrupt = (code: number) => {
    killAll();
    outputs.discard();
    process.stderr.write(process.stderr.isTTY ? '\r\x1b[K' : '');
    end().finally(() => process.exit(code));
  };
  process.once('SIGINT', () => interrupt(130));
  process.once('SIGTERM', () => interrupt(143));
  process.once('SIGHUP', () => interrupt(129));
  try {
    return await run(options, crowds, process.uptime() * 1000);
  } finally {
    await end();
  }
}
