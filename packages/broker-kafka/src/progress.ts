/**
 * How far a partition is. Kafka keeps one number, up to which all is done; events are done out of order. What is
 * above it, done or with how many attempts, goes into the text beside that number, so that neither a crash nor another
 * member begins it anew.
 */
export interface Progress {
  /** The offset to go on from. */
  readonly next: number;
  /** Offsets between the first that is not done and the next. */
  readonly ahead: number;
  /** Begins an offset: its attempt, 1 the first time; undefined when it is done with. */
  begin(offset: number): number | undefined;
  /** Another attempt begins. */
  again(offset: number, attempt: number): void;
  done(offset: number): void;
  /** What to commit, when it has changed since the last time. */
  take(): { readonly offset: string; readonly metadata: string } | undefined;
  /** What was taken has not been committed. */
  untake(): void;
}

/** offset.metadata.max.bytes is 4096 by default. */
const longestMetadata = 4_000;
const form = /^micro1 (\d{1,9})((?: \d{1,9}:\d{1,9})*)$/;

export function makeProgress(start: number, metadata = ''): Progress {
  const restored = read(start, metadata);
  const begun = new Map<number, number>(); // in the order of their offsets
  let next = start;
  let changed = true;

  function floor(): number {
    const [first] = begun.keys();
    const [waiting] = restored.attempts.keys();
    const known = Math.min(first ?? Number.POSITIVE_INFINITY, waiting ?? Number.POSITIVE_INFINITY);
    return Math.min(known, Math.max(next, restored.until));
  }

  function text(from: number): string {
    const until = Math.max(next, restored.until);
    const attempts = [...begun, ...restored.attempts].map(
      ([offset, attempt]) => ` ${offset - from}:${attempt}`,
    );
    const all = `micro1 ${until - from}${attempts.join('')}`;
    return until === from || all.length > longestMetadata ? '' : all;
  }

  return {
    get next() {
      return next;
    },
    get ahead() {
      return next - Math.min(next, floor());
    },
    begin(offset) {
      next = offset + 1;
      changed = true;
      for (const [gone] of restored.attempts) {
        if (gone >= offset) break;
        restored.attempts.delete(gone); // the topic does not hold it any more
      }
      const before = restored.attempts.get(offset);
      if (before === undefined && offset < restored.until) return undefined;
      restored.attempts.delete(offset);
      const attempt = (before ?? 0) + 1;
      begun.set(offset, attempt);
      return attempt;
    },
    again(offset, attempt) {
      begun.set(offset, attempt);
      changed = true;
    },
    done(offset) {
      begun.delete(offset);
      changed = true;
    },
    take() {
      if (!changed) return undefined;
      changed = false;
      const offset = floor();
      return { offset: String(offset), metadata: text(offset) };
    },
    untake() {
      changed = true;
    },
  };
}

/** Reads what another member has written; anything else says nothing. */
function read(
  start: number,
  metadata: string,
): { readonly until: number; readonly attempts: Map<number, number> } {
  const attempts = new Map<number, number>();
  const [, length, list = ''] = form.exec(metadata) ?? [];
  if (length === undefined) return { until: start, attempts };
  for (const pair of list.split(' ').filter((one) => one !== '')) {
    const [relative, attempt] = pair.split(':');
    attempts.set(start + Number(relative), Number(attempt));
  }
  return { until: start + Number(length), attempts };
}
