/** Programs for the compiler, beside dist/, as their authors would have them. */
import { join } from 'node:path';
import typescript from 'typescript';
import { root } from '../support/platform.js';

/** What a careful author has switched on; `types: []` is the default of TypeScript 6 and later. */
const options: typescript.CompilerOptions = {
  module: typescript.ModuleKind.NodeNext,
  target: typescript.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  types: [],
  noEmit: true,
  paths: { procseek: [join(root, 'dist/index.d.mts')] },
};

/** Each file is parsed once for all modules. */
const registries = new Map<typeof typescript, typescript.DocumentRegistry>();

function registryOf(ts: typeof typescript): typescript.DocumentRegistry {
  const parsed = registries.get(ts) ?? ts.createDocumentRegistry();
  registries.set(ts, parsed);
  return parsed;
}

let modules = 0;

/** A language service for the text of one module, as editors have it. */
export class Editor {
  /** What has been parsed is known by its path. */
  readonly #file = join(root, `test/types/module-${modules++}.mts`);
  readonly #text: string;
  readonly #ts: typeof typescript;
  readonly #service: typescript.LanguageService;

  constructor(text: string, ts = typescript) {
    this.#ts = ts;
    this.#text = text;
    const { readFile, fileExists, directoryExists, getDirectories, readDirectory } = ts.sys;
    const read = (path: string) => (path === this.#file ? text : readFile(path));
    this.#service = ts.createLanguageService(
      {
        readFile: read,
        fileExists: (path) => path === this.#file || fileExists(path),
        directoryExists,
        getDirectories,
        readDirectory,
        getCompilationSettings: () => options,
        getScriptFileNames: () => [this.#file],
        getScriptVersion: () => '1',
        getScriptSnapshot: (path) => {
          const content = read(path);
          return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
        },
        getCurrentDirectory: () => root,
        getDefaultLibFileName: ts.getDefaultLibFilePath,
      },
      registryOf(ts),
    );
  }

  /** What the compiler has to say against the module. */
  complaints(): string[] {
    const all = [
      ...this.#service.getSyntacticDiagnostics(this.#file),
      ...this.#service.getSemanticDiagnostics(this.#file),
    ];
    return all.map(({ messageText }) => this.#ts.flattenDiagnosticMessageText(messageText, '\n'));
  }

  /** What is shown of the word in front of a mark, behind its type. */
  documentationBefore(mark: string): string {
    const info = this.#service.getQuickInfoAtPosition(this.#file, this.#text.indexOf(mark) - 1);
    return this.#ts.displayPartsToString(info?.documentation);
  }

  /** The names of what a value has, as an editor offers them behind the dot in front of a mark. */
  membersBefore(mark: string): string[] {
    const position = this.#text.indexOf(mark);
    const { entries = [] } =
      this.#service.getCompletionsAtPosition(this.#file, position, undefined) ?? {};
    return entries.map(({ name }) => name);
  }
}
