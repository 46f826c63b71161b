import type { Family } from './families.ts';
import type { Language } from './lane.ts';
import type { Stack } from './stacks.ts';

/** What became of one check in one direction. */
export interface Outcome {
  readonly family: Family;
  /** What the family is about in this stack: `mdns`, `http json`. */
  readonly subject: string;
  /** Of go-micro: `4.11.0`. */
  readonly version: string;
  readonly from: Language;
  readonly to: Language;
  readonly check: string;
  /** `known`: it failed for a reason of go-micro's own, which `reason` tells. */
  readonly result: 'passed' | 'failed' | 'known';
  readonly reason?: string;
  readonly ms: number;
}

/** What a family tries of a stack. */
export function subjectOf(family: Family, stack: Stack): string {
  const { registry, broker, codec, tls } = stack;
  const transport = `${stack.transport}${stack.mucp === true ? ' transport' : ''}`;
  if (family === 'discovery') return registry;
  if (family === 'events') return broker === 'http' ? `http (${registry})` : broker;
  if (family === 'fleet') return `${transport} (${registry})`;
  return `${transport} ${codec}${tls === true ? ' TLS' : ''}`;
}

/** A cell's name, as `--only` looks for words in it. */
export function cellName({
  family,
  subject,
  version,
  from,
  to,
}: Pick<Outcome, 'family' | 'subject' | 'version' | 'from' | 'to'>): string {
  return `${family} ${subject} v${version} ${from}-${to}`;
}
