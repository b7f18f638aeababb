/**
 * Prints a dot for each file that has passed, the failures in full, and how many tests were skipped
 * for which reason.
 */
import { MinimalReporter, type TestCase, type TestModule } from 'vitest/node';

type Begin = MinimalReporter['onTestRunStart'];
type End = MinimalReporter['onTestRunEnd'];

export default class Reporter extends MinimalReporter {
  readonly #skipped = new Map<string, number>();
  #dots = 0;

  override onTestRunStart(...args: Parameters<Begin>): void {
    super.onTestRunStart(...args);
    const [files] = args;
    this.ctx.logger.log(`${files.length} files of tests, a dot for each that has passed:`);
  }

  override onTestCaseResult(test: TestCase): void {
    super.onTestCaseResult(test);
    const result = test.result();
    if (result.state !== 'skipped') return;
    const reason = result.note ?? test.meta().reason ?? 'no reason given';
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
  }

  override onTestModuleEnd(module: TestModule): void {
    super.onTestModuleEnd(module);
    if (module.state() === 'failed') this.#dots = 0;
    else this.ctx.logger.outputStream.write(++this.#dots % 80 === 0 ? '.\n' : '.');
  }

  override onTestRunEnd(...args: Parameters<End>): void {
    this.ctx.logger.log();
    super.onTestRunEnd(...args);
    for (const [reason, count] of this.#skipped)
      this.ctx.logger.log(`  ${count} skipped: ${reason}`);
  }
}
