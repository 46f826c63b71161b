/**
 * The real server behind a plugin, for fault suites: what they stop, kill and freeze. All resolve when it is done;
 * started again it has the same address and its data.
 */
export interface ServerHandle {
  /** Ends it politely. */
  stop(): Promise<void>;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
  /** Resolves when it answers. */
  start(): Promise<void>;
  /** By SIGSTOP: its connections stay open and nobody answers. */
  freeze(): void;
  /** By SIGCONT. */
  thaw(): void;
}
