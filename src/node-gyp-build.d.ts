declare module 'node-gyp-build' {
  /** Loads the addon of the package in this directory. */
  export default function load(packageDirectory: string): unknown;
}
