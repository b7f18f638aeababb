/** How a contender in Node.js asks its questions. */
import type { Found, JsContender, Targets } from '../contender.js';
import type { QuestionId } from '../report.js';

/** Those that it has no answer to are left out. */
export type Questions<A> = { readonly [Id in QuestionId]?: (targets: Targets) => A | Promise<A> };

/** The `question` of a contender whose answers are all of one kind. */
export function asking<A>(
  questions: Questions<A>,
  found: (answer: A, targets: Targets) => Found[],
): JsContender['question'] {
  return (id, targets) => {
    const ask = questions[id];
    if (ask === undefined) return undefined;
    return { ask: () => ask(targets), found: (answer) => found(answer as A, targets) };
  };
}
