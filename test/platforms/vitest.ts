/**
 * What the tests import from 'vitest', for runtimes that Vitest itself does not run in: made of the
 * same packages that Vitest is made of. What is missing here fails the test that wants it.
 */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  addCustomEqualityTesters,
  ChaiStyleAssertions,
  chai,
  customMatchers,
  type ExpectStatic,
  GLOBAL_EXPECT,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  type MatcherState,
  setState,
} from '@vitest/expect';
import { getCurrentTest } from '@vitest/runner';
import { fn, restoreAllMocks, spyOn } from '@vitest/spy';

export {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  it,
  onTestFinished,
  test,
} from '@vitest/runner';

for (const plugin of [JestExtend, JestChaiExpect, ChaiStyleAssertions, JestAsymmetricMatchers]) {
  chai.use(plugin);
}

type Globals = Record<symbol, object>;
type Extensible = { extend(expect: ExpectStatic, matchers: object): void };

function makeExpect(): ExpectStatic {
  const expect = ((value: unknown, message?: string) => {
    const assertion = chai.expect(value, message) as unknown as {
      withTest(test: unknown): unknown;
    };
    const current = getCurrentTest();
    return current === undefined ? assertion : assertion.withTest(current);
  }) as ExpectStatic;
  const globals = globalThis as unknown as Globals;
  Object.assign(expect, chai.expect, globals[ASYMMETRIC_MATCHERS_OBJECT], {
    getState: () => getState(expect),
    setState: (state: Partial<MatcherState>) => setState(state, expect),
    addEqualityTesters: addCustomEqualityTesters,
  });
  globals[GLOBAL_EXPECT] = expect;
  expect.setState({ assertionCalls: 0 });
  (chai.expect as unknown as Extensible).extend(expect, customMatchers);
  return expect;
}

export const expect = makeExpect();

export const vi = { fn, spyOn, restoreAllMocks };
