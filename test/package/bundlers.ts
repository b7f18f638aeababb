/** How a program with procseek is bundled by one tool and another: what their users write. */
import { packageManagers } from '../../scripts/clients.mjs';

export interface Bundler {
  readonly title: string;
  /** Files beside the program: what the tool is configured by. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files instead of these, by which it leaves the package out. */
  readonly filesToLeaveOut?: Readonly<Record<string, string>>;
  /** What starts it: a script below the tools' node_modules, or a program; then its arguments. */
  readonly command: readonly string[];
  /** Further ones, by which it leaves the package out. */
  readonly argumentsToLeaveOut?: readonly string[];
  /** The program, once bundled, and the one that runs it: Node.js unless it says otherwise. */
  readonly output: string;
  readonly runtime?: readonly string[];
  /** Whether it takes the addons along, so that nothing else is to be done. */
  readonly isEnough: boolean;
  /** The line of the error, and of the documentation, that leaves the package out. */
  readonly line: string;
}

function bun(): string {
  return packageManagers().find(({ name }) => name === 'bun')?.file ?? 'bun';
}

const esbuild = ['esbuild', 'app.mjs', '--bundle', '--platform=node', '--log-level=warning'];

function webpackConfig(format: string, external: boolean): string {
  const moduleOptions = `experiments: { outputModule: true },
  output: { path: __dirname + '/dist', filename: 'app.mjs', module: true },`;
  const scriptOptions = `output: { path: __dirname + '/dist', filename: 'app.cjs' },`;
  return `module.exports = {
  mode: 'production',
  target: 'node',
  entry: './app.mjs',
  ${format === 'esm' ? moduleOptions : scriptOptions}
  ${external ? "externals: { procseek: 'node-commonjs procseek' }," : ''}
};
`;
}

function rollupConfig(format: string, extension: string, external: boolean): string {
  return `import commonjs from '@rollup/plugin-commonjs';
import resolve from '@rollup/plugin-node-resolve';
export default {
  input: 'app.mjs',
  output: { file: 'dist/app.${extension}', format: '${format}' },
  plugins: [resolve(), commonjs()],
  ${external ? "external: ['procseek']," : ''}
};
`;
}

function rolldownConfig(format: string, extension: string, external: boolean): string {
  return `export default {
  input: 'app.mjs',
  platform: 'node',
  output: { file: 'dist/app.${extension}', format: '${format}' },
  ${external ? "external: ['procseek']," : ''}
};
`;
}

/** Vite leaves packages out unless it is told not to. */
function viteConfig(ssr: string): string {
  return `export default {
  build: { ssr: 'app.mjs', outDir: 'dist', rollupOptions: { output: { entryFileNames: 'app.mjs' } } },
  ssr: { ${ssr} },
};
`;
}

/** tsup leaves out what package.json depends on, unless it is told not to. */
function tsupConfig(format: string, option: string): string {
  return `export default { entry: ['app.mjs'], outDir: 'dist', silent: true, format: '${format}', ${option} };\n`;
}

const formats = [
  { format: 'cjs', extension: 'cjs' },
  { format: 'esm', extension: 'mjs' },
];

export const tools: readonly Bundler[] = [
  ...formats.map(({ format, extension }) => ({
    title: `esbuild, ${format}`,
    command: [...esbuild, `--format=${format}`, `--outfile=dist/app.${extension}`],
    argumentsToLeaveOut: ['--external:procseek'],
    output: `app.${extension}`,
    isEnough: false,
    line: '--external:procseek',
  })),
  ...formats.map(({ format, extension }) => ({
    title: `webpack, ${format}`,
    files: { 'webpack.config.cjs': webpackConfig(format, false) },
    filesToLeaveOut: { 'webpack.config.cjs': webpackConfig(format, true) },
    command: ['webpack', '--config', 'webpack.config.cjs', '--stats', 'errors-warnings'],
    output: `app.${extension}`,
    isEnough: true,
    line: "externals: { procseek: 'node-commonjs procseek' }",
  })),
  ...formats.map(({ format, extension }) => ({
    title: `Rollup, ${format}`,
    files: { 'rollup.config.mjs': rollupConfig(format, extension, false) },
    filesToLeaveOut: { 'rollup.config.mjs': rollupConfig(format, extension, true) },
    command: ['rollup', '--config', 'rollup.config.mjs', '--silent'],
    output: `app.${extension}`,
    isEnough: false,
    line: "external: ['procseek']",
  })),
  ...formats.map(({ format, extension }) => ({
    title: `rolldown, ${format}`,
    files: { 'rolldown.config.mjs': rolldownConfig(format, extension, false) },
    filesToLeaveOut: { 'rolldown.config.mjs': rolldownConfig(format, extension, true) },
    command: ['rolldown', '--config', 'rolldown.config.mjs'],
    output: `app.${extension}`,
    isEnough: false,
    line: "external: ['procseek']",
  })),
  {
    title: 'Vite SSR, noExternal',
    files: { 'vite.config.mjs': viteConfig('noExternal: true') },
    filesToLeaveOut: {
      'vite.config.mjs': viteConfig("noExternal: true, external: ['procseek']"),
    },
    command: ['vite', 'build', '--logLevel', 'warn'],
    output: 'app.mjs',
    isEnough: false,
    line: "ssr: { external: ['procseek'] }",
  },
  ...formats.map(({ format, extension }) => ({
    title: `tsup, noExternal, ${format}`,
    files: { 'tsup.config.mjs': tsupConfig(format, "noExternal: ['procseek']") },
    filesToLeaveOut: { 'tsup.config.mjs': tsupConfig(format, '') },
    command: ['tsup'],
    argumentsToLeaveOut: ['--external', 'procseek'],
    output: format === 'cjs' ? 'app.js' : `app.${extension}`,
    isEnough: false,
    line: '--external procseek',
  })),
  {
    title: 'ncc',
    command: ['ncc', 'build', 'app.mjs', '--out', 'dist', '--quiet'],
    argumentsToLeaveOut: ['--external', 'procseek'],
    output: 'index.mjs',
    isEnough: true,
    line: '--external procseek',
  },
  ...['node', 'bun'].map((target) => ({
    title: `Bun, for ${target}`,
    command: [bun(), 'build', 'app.mjs', `--target=${target}`, '--outdir', 'dist'],
    argumentsToLeaveOut: ['--external', 'procseek'],
    output: 'app.js',
    ...(target === 'bun' && { runtime: [bun()] }),
    isEnough: true,
    line: '--external procseek',
  })),
  {
    title: 'Bun, compiled',
    command: [bun(), 'build', 'app.mjs', '--compile', '--outfile', 'dist/app'],
    argumentsToLeaveOut: ['--external', 'procseek'],
    output: 'app',
    runtime: [],
    isEnough: true,
    line: '--external procseek',
  },
];
