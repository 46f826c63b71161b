import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';

// Editors write a file in several steps
const settleMs = 50;

/**
 * Runs `work` now, and again when one of the files that it has read changes, until the signal aborts. `work` gives
 * these files, or undefined where it has failed: then those of before are watched, and `first` at the start.
 */
export async function watchFiles(
  work: () => readonly string[] | undefined,
  first: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  let files: readonly string[] = first;
  while (!signal?.aborted) {
    // Watched before the work: what changes meanwhile is not missed
    const changes = new Changes(files, signal);
    const read = work();
    if (read !== undefined && !sameFiles(read, files)) {
      changes.close();
      files = read; // and read once more, now that all of them are watched
    } else await changes.first;
  }
}

function sameFiles(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((file, index) => file === b[index]);
}

/** Watches folders, for editors replace files: `first` resolves with the first change, once it has settled. */
class Changes {
  readonly first: Promise<void>;
  private finish: () => void = () => undefined;
  private readonly signal: AbortSignal | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(files: readonly string[], signal: AbortSignal | undefined) {
    this.signal = signal;
    const names = new Set(files.map((file) => basename(file)));
    const folders = new Set(files.map((file) => dirname(file)));
    const watchers = [...folders].map((folder) =>
      watch(folder, (_, name) => {
        if (name !== null && !names.has(name) && !name.endsWith('.proto')) return;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.close(), settleMs);
      }),
    );
    this.first = new Promise((resolve) => {
      this.finish = () => {
        for (const watcher of watchers) watcher.close();
        clearTimeout(this.timer);
        this.signal?.removeEventListener('abort', this.close);
        resolve();
      };
    });
    signal?.addEventListener('abort', this.close, { once: true });
  }

  readonly close = (): void => this.finish();
}
