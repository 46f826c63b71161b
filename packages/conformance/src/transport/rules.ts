import assert from 'node:assert/strict';
import type { TransportScope } from './harness.ts';

/** What a transport may never do, whatever the case is about: counted while it runs, asserted at its end. */
export class Rules {
  /** How long what has to happen may take, in ms. */
  readonly patienceMs: number;
  private readonly violations: string[] = [];

  constructor(scope: TransportScope) {
    this.patienceMs = scope.harness.patienceMs ?? 10_000;
    scope.defer(() => assert.deepEqual(this.violations, [], 'rules of the seam were broken'));
  }

  broken(rule: string): void {
    this.violations.push(rule);
  }
}
