// Ends .ci/run: tells what failed once more, where it is found, and how much passed and failed.
//
//   node scripts/summary.mjs <report of `npm test`> <its exit status> \
//     <that of `npm run test:thorough`> <its exit status> <that of the platforms> \
//     [<gate that passed>… --failed <gate that failed>…]
import { existsSync, readFileSync } from 'node:fs';

const [everyday, everydayStatus, thorough, thoroughStatus, platforms, ...gates] =
  process.argv.slice(2);

const read = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined);

/** `failures` of `tests` have a name and a message. */
function testsIn(report, status) {
  const files = report?.testResults ?? [];
  const failures = files.flatMap(({ assertionResults }) =>
    assertionResults
      .filter((one) => one.status === 'failed')
      .map(({ fullName, failureMessages }) => ({
        name: fullName,
        message: failureMessages.join('\n'),
      })),
  );
  // A type error, or a file that cannot be loaded, is no failed test; it counts as a failure too.
  if (failures.length === 0 && status !== '0') {
    const message = files.map((file) => file.message).find((one) => one) ?? '';
    failures.push({ name: 'tests', message: message || `exit status ${status}` });
  }
  return { passed: report?.numPassedTests ?? 0, failures };
}

function platformsIn(report) {
  const nothing = [{ name: 'platforms', failures: [{ name: 'no report', message: '' }] }];
  const cells = report ?? nothing;
  return {
    passed: cells.reduce((sum, { passed = 0 }) => sum + passed, 0),
    failures: cells.flatMap((cell) =>
      (cell.failures ?? []).map(({ name, message }) => ({
        name: `${cell.name}: ${name}`,
        message,
      })),
    ),
  };
}

function gatesIn(names) {
  const end = names.indexOf('--failed');
  return {
    passed: end,
    failures: names.slice(end + 1).map((name) => ({ name, message: 'see above' })),
  };
}

const parts = [
  testsIn(read(everyday), everydayStatus),
  testsIn(read(thorough), thoroughStatus),
  gatesIn(gates),
  platformsIn(read(platforms)),
];
const failures = parts.flatMap((part) => part.failures);
for (const { name, message } of failures) {
  const [first = ''] = message.split('\n');
  // So the report calls the error of a test that took longer than it may.
  const cause = first.replace('STACK_TRACE_ERROR', 'timed out');
  process.stdout.write(`FAILED ${name.slice(0, 300)}\n    ${cause.slice(0, 300)}\n`);
}
const passed = parts.reduce((sum, part) => sum + part.passed, 0);
process.stdout.write(`\n${passed} passed, ${failures.length} failed\n`);
process.exitCode = failures.length > 0 ? 1 : 0;
