interface Tried {
  passed: number;
  failures: { name: string; message: string }[];
}

export function tryOnMusl(processor: 'x64' | 'arm64' | 'arm'): { check(addon: string): Tried };
