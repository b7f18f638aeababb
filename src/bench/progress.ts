/** How far a run has come, in one line of a terminal. */

export interface Progress {
  /** Begins the next step. */
  step(what: string): void;
  /** Further steps, told once they are known. */
  expect(steps: number): void;
  done(): void;
}

interface Terminal {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** `limit` is when the run ends at the latest, in milliseconds from now. */
export function progressOn(
  terminal: Terminal,
  limit: number,
  now: () => number = () => performance.now(),
): Progress {
  const start = now();
  let [steps, begun] = [0, 0];
  const show = (line: string) => {
    if (!terminal.isTTY) return;
    const room = (terminal.columns ?? 80) - 1;
    terminal.write(`\r\x1b[K${[...line].slice(0, room).join('')}`);
  };
  const left = () => {
    const elapsed = now() - start;
    // The first steps take as long as it takes to start everything.
    const estimated =
      begun <= 3 ? Number.POSITIVE_INFINITY : (elapsed / (begun - 1)) * (steps - begun + 1);
    return Math.min(estimated, Math.max(0, limit - elapsed));
  };
  return {
    expect: (more) => {
      steps += more;
    },
    step: (what) => {
      begun++;
      show(`[${begun}/${Math.max(begun, steps)}] ${remaining(left())}${what}`);
    },
    done: () => show(''),
  };
}

function remaining(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return '';
  const seconds = Math.ceil(milliseconds / 1000);
  const words = seconds < 100 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
  return `about ${words} left: `;
}
