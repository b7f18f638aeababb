/** What an editor shows of the library's functions, methods, fields and options. */
import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { fieldNames } from '../../src/index.js';
import { Editor } from './project.js';

/** How each kind of value comes about. */
const values: Readonly<Record<string, string>> = {
  finder: 'const finder = await openFinder();',
  watcher: "const watcher = watch('x');",
  stream: 'const stream = scan();',
  batches: 'const batches = scan().batches();',
  stats: "const { stats } = watch('x');",
  waits: 'const waits = waitStats();',
  able: 'const able = capabilities();',
  engine: 'const engine = capabilities().engines.bpf;',
  view: 'const { view } = capabilities();',
  watching: 'const { watch: watching } = capabilities();',
  exit: 'const exit = await waitForExit(1);',
  ended: 'const ended = await killTree(1);',
  signalled: 'const signalled = signalTree(1);',
  error: "declare const error: import('procseek').ProcessError;",
  identity: "declare const identity: import('procseek').ProcessIdentity;",
  child: "declare const child: import('procseek').ChildHandle;",
  forName: "declare const forName: import('procseek').FindByNameOptions<[]>;",
  forPid: 'declare const forPid: NonNullable<Parameters<typeof findByPid>[1]>;',
  forFilter: "declare const forFilter: import('procseek').ProcessFilter;",
  forWatch: "declare const forWatch: import('procseek').WatchOptions<[]>;",
  forWait: "declare const forWait: import('procseek').WaitOptions;",
  forChildren: "declare const forChildren: import('procseek').ChildrenOptions<[]>;",
  forKill: "declare const forKill: import('procseek').KillTreeOptions;",
  forSignal: "declare const forSignal: import('procseek').ForceOption;",
  forFinder: "declare const forFinder: import('procseek').FinderOptions;",
  forOthers: "declare const forOthers: import('procseek').WatchMessage;",
};

const imports = `import {
  capabilities, findByName, findByNameSync, findByPid, findByPidSync, findOneByName, killTree,
  openFinder, scan, scanSync, signalTree, waitForExit, waitStats, watch, children,
} from 'procseek';
`;

/** Node.js documents these, the language the rest. */
const inherited: readonly string[] = [
  ...Object.getOwnPropertyNames(EventEmitter.prototype),
  'message',
  'name',
  'stack',
  'cause',
];

describe('An editor shows documentation', () => {
  test.each(Object.entries(values))('of all that the value %s has', (name, made) => {
    const members = new Editor(`${imports}${made}\n${name}./*here*/`).membersBefore('/*here*/');
    const own = members.filter((member) => !inherited.includes(member));
    expect(own).not.toEqual([]);
    const uses = own.map((member) => `${name}.${member}/*${member}*/;`);
    const editor = new Editor(`${imports}${made}\n${uses.join('\n')}`);
    const silent = own.filter((member) => editor.documentationBefore(`/*${member}*/`) === '');
    expect(silent).toEqual([]);
  });

  const all = JSON.stringify(fieldNames);
  test.each([
    ['findByPid', `const record = (await findByPid(1, { fields: ${all} }))!;`],
    ['findByPidSync', `const record = findByPidSync(1, { fields: ${all} })!;`],
    ['findByName', `const record = (await findByName('x', { fields: ${all} }))[0]!;`],
    ['findByNameSync', `const record = findByNameSync('x', { fields: ${all} })[0]!;`],
    ['findOneByName', `const record = (await findOneByName('x', { fields: ${all} }))!;`],
    ['children', `const record = (await children(1, { fields: ${all} }))[0]!;`],
    ['scan', `const [record] = await scan({}, { fields: ${all} }).toArray();`],
    ['scanSync', `const record = [...scanSync({}, { fields: ${all} })][0]!;`],
    ['watch', `const record = watch('x', { fields: ${all} }).processes.get(1)!;`],
    ['a finder', `const record = (await (await openFinder()).findByPid(1, { fields: ${all} }))!;`],
    [
      'fields not known before',
      "declare const record: import('procseek').Process<import('procseek').Field>;",
    ],
  ])('of every field of a record of %s', (_, made) => {
    const uses = fieldNames.map((field) => `record!.${field}/*${field}*/;`);
    const editor = new Editor(`${imports}${made}\n${uses.join('\n')}`);
    const silent = fieldNames.filter((field) => editor.documentationBefore(`/*${field}*/`) === '');
    expect(silent).toEqual([]);
  });
});
