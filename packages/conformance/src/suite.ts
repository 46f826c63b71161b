/** What a suite tests a plugin with. Every kind adds what its cases need. */
export interface Harness<P extends object, F extends string = string> {
  /** The plugin's name, for titles. */
  readonly name: string;
  /** What the plugin declares: `yourPlugin().features`. Cases that need more are skipped, by name. */
  readonly features: ReadonlySet<F>;
  /** How long what has to happen may take, in ms. @default 10000 */
  readonly patienceMs?: number | undefined;
  /** How long the suite looks for what must not happen, in ms. @default 200 */
  readonly quietMs?: number | undefined;
  /** A new instance on the same backend, as another process would have one. The suite closes it. */
  create(): P | Promise<P>;
  /** Cases that are known to fail, each with its reason. A waived case that passes is an error. */
  readonly waivers?: readonly Waiver[] | undefined;
  /** Called once, after the last case. */
  cleanup?(): Promise<void>;
}

export interface Waiver {
  /** The name of the case. */
  readonly case: string;
  readonly reason: string;
}

/** One demand of the contract. */
export interface Case<H extends Harness<P>, P extends object> {
  /** A sentence about what a plugin does. */
  readonly name: string;
  /** Features without which the case makes no sense. */
  readonly needs?: readonly string[] | undefined;
  /** A feature whose absence the case is about. */
  readonly lacks?: string | undefined;
  /** Optional members of the harness that the case uses. */
  readonly asks?: readonly (keyof H & string)[] | undefined;
  /** It hangs when it takes longer, in ms: much work is not hanging. @default 60000 */
  readonly limitMs?: number | undefined;
  /** Passes by resolving, fails by rejecting. */
  run(scope: Scope<H, P>): Promise<void>;
}

export interface Suite<H extends Harness<P>, P extends object> {
  /** The kind of plugin, as in core's table. */
  readonly kind: string;
  readonly cases: readonly Case<H, P>[];
}

/** What one run of a case has; all of it is cleaned up after the case, whatever happens. */
export interface Scope<H, P> {
  readonly harness: H;
  /** `harness.create()`, closed after the case. */
  create(): Promise<P>;
  /** Runs after the case, the last first. */
  defer(undo: () => unknown): void;
  /** Waits for it as long as the harness has patience. */
  eventually<T>(check: () => T): Promise<Exclude<Awaited<T>, false>>;
  /** The promise's result, in the same time. */
  within<T>(promise: Promise<T>, what: string): Promise<T>;
  /** A name that no other case or run has. */
  unique(prefix?: string): string;
}

/** Why the case does not apply to this plugin; `undefined` when it does. */
export function skipReason<H extends Harness<P>, P extends object>(
  harness: H,
  one: Case<H, P>,
): string | undefined {
  const missing = one.needs?.find((feature) => !harness.features.has(feature));
  if (missing !== undefined) return `needs the feature "${missing}"`;
  if (one.lacks !== undefined && harness.features.has(one.lacks))
    return `is for plugins without "${one.lacks}"`;
  const unable = one.asks?.find((member) => harness[member] === undefined);
  return unable === undefined ? undefined : `the harness has no "${unable}"`;
}
