export interface TestProcess {
  /** Its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** SIGSTOP. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** Ends its standard input. */
  end(): void;
  /** SIGKILL; resolves when it is gone. Twice is no error; needed also for one that has ended. */
  kill(): Promise<void>;
}

/** Bundles a TypeScript file, starts it with Node, and resolves when it has written the line. */
export function startTestProcess(entry: URL, args: readonly string[], line: string): Promise<TestProcess>;
