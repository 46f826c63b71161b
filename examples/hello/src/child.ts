// What the parts of this example have in common as children of main.ts. A service of your own needs none of it.

/** What a part tells main.ts, besides the lines that it prints. */
export interface Told {
  readonly ready?: boolean;
  /** The client is about to make its calls. */
  readonly load?: boolean;
  /** How many events a subscriber has handled. */
  readonly count?: number;
  /** Which, once it has stopped. */
  readonly seen?: readonly number[];
  readonly result?: Result;
}

export interface Result {
  readonly inFlight: number;
  readonly calls: number;
  readonly signed: number;
  readonly retried: number;
  readonly failures: readonly Failure[];
  readonly byServer: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p99: number;
  readonly events: number;
  readonly streamed: boolean;
}

export interface Failure {
  readonly what: 'hello' | 'sign' | 'publish';
  /** In ms since the epoch. */
  readonly at: number;
  /** Whether the handler can have seen the call; undefined: not an error of a call. */
  readonly delivered: string | undefined;
  readonly message: string;
}

export const me: string = process.env.HELLO_NAME ?? `me-${process.pid}`;

// Whatever happens to main.ts, its children do not outlive it.
process.once('disconnect', () => process.exit(1));
if (process.connected === false) process.exit(1);
process.channel?.unref();

export function tell(told: Told, line?: string): void {
  if (line !== undefined) console.log(line);
  process.send?.(told);
}

/** Runs it to its end; what goes wrong is one line, and the exit code. */
export async function asChild(running: Promise<void>): Promise<void> {
  try {
    await running;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
