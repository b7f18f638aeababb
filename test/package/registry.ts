/** A registry of npm on this machine, for tests that must not depend on the network. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { dirname } from 'node:path';
import { run } from './installed.js';

interface Entry {
  readonly name: string;
  readonly version: string;
  readonly manifest: object;
  readonly content: Buffer;
}

/** Serves packages, each in one version, from their tarballs. */
export class Registry {
  readonly #server: Server;
  readonly #entries = new Map<string, Entry>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const [, name = '', isTarball] = /^\/([^/]+)(\/-\/)?/.exec(request.url ?? '') ?? [];
      const entry = this.#entries.get(name);
      if (entry === undefined) response.writeHead(404).end('{}');
      else if (isTarball) response.end(entry.content);
      else response.end(JSON.stringify(this.#describe(entry)));
    });
  }

  static async start(tarballs: readonly string[]): Promise<Registry> {
    const registry = new Registry();
    for (const tarball of tarballs) {
      const args = ['-xzOf', tarball, 'package/package.json'];
      const manifest = JSON.parse(await run('tar', args, dirname(tarball)));
      const { name, version } = manifest;
      registry.#entries.set(name, { name, version, manifest, content: readFileSync(tarball) });
    }
    await new Promise<void>((resolve) => {
      registry.#server.listen(0, '127.0.0.1', resolve);
    });
    return registry;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the registry is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  /** What a registry tells of a package, which pnpm does not take before it is some days old. */
  #describe({ name, version, manifest, content }: Entry): object {
    const dist = {
      tarball: `${this.url}/${name}/-/${name}-${version}.tgz`,
      integrity: `sha512-${createHash('sha512').update(content).digest('base64')}`,
      shasum: createHash('sha1').update(content).digest('hex'),
    };
    const date = '2026-01-01T00:00:00.000Z';
    return {
      name,
      'dist-tags': { latest: version },
      versions: { [version]: { ...manifest, dist } },
      time: { created: date, modified: date, [version]: date },
    };
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
