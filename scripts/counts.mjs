// Prints how many tests passed and how many failed, for .ci/run.
//
//   node scripts/counts.mjs <Vitest's JSON report> <its exit status>
import { existsSync, readFileSync } from 'node:fs';

const [report, status] = process.argv.slice(2);
const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
const { numPassedTests = 0, numFailedTests = 0 } = counts;

// What fails outside of any test, such as a type error or a file that cannot be loaded, counts too.
const failed = status === '0' ? numFailedTests : Math.max(numFailedTests, 1);
process.stdout.write(`${numPassedTests} ${failed}\n`);
