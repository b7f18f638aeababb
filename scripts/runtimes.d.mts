export interface NodeRuntime {
  readonly major: number;
  readonly version: string;
  /** Of its `node` binary. */
  readonly path: string;
}

/** Installs what is missing, and tells where it is. */
export function nodeRuntimes(): NodeRuntime[];

/** The path of Jest's script, to be run by `node`. Installs it when it is missing. */
export function jest(): string;

/** Installs packages into a directory of their own, unless they are there. */
export function installInto(
  directory: string,
  dependencies: Readonly<Record<string, string>>,
): void;
