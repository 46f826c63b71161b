import type { Selector } from '@micro/core';
import type { Case, Harness } from '../suite.ts';

export interface SelectorHarness extends Harness<Selector, SelectorTrait> {}

/**
 * What a strategy looks at. `pending`: a busy node is chosen less. `latency`: a slow one is. `key`: one key stays
 * with one node. `even`: nodes that do not differ get equal shares.
 */
export type SelectorTrait = 'pending' | 'latency' | 'key' | 'even';

export type SelectorCase = Case<SelectorHarness, Selector>;
