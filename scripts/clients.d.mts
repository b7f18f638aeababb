export interface PackageManager {
  readonly name: string;
  readonly version: string;
  readonly major: number;
  /** What starts it: a script for Node.js, or a program. */
  readonly file: string;
  readonly isScript: boolean;
}

/** Where each is once it is installed. */
export function packageManagers(): PackageManager[];

/** Installs what is missing of them. */
export function installPackageManagers(): void;
