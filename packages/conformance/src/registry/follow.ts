import assert from 'node:assert/strict';
import type { Registry, RegistryChange, ServiceRecord } from '@micro/core';
import { eventually } from '../eventually.ts';
import { describe } from '../expectations.ts';
import type { RegistryScope } from './harness.ts';
import { nodeLines, patience } from './records.ts';

/** A watch, and what it has told. */
export interface Follower {
  readonly changes: readonly RegistryChange[];
  /** What the changes add up to. */
  readonly state: readonly ServiceRecord[];
  /** Waits until they add up to exactly these nodes. */
  shows(lines: readonly string[]): Promise<void>;
  /** Resolves when the watch has ended, with what it rejected with. */
  readonly ended: Promise<unknown>;
  readonly signal: AbortSignal;
  stop(): Promise<void>;
}

/** Watches until the case ends. Resolves after the first change. */
export async function follow(
  scope: RegistryScope,
  registry: Registry,
  name: string | undefined,
): Promise<Follower> {
  const controller = new AbortController();
  const { signal } = controller;
  const changes: RegistryChange[] = [];
  let state: readonly ServiceRecord[] = [];
  let over: { readonly error: unknown } | undefined;
  const changed = (change: RegistryChange): void => {
    changes.push(change);
    state = fold(state, change);
  };
  const ended = registry.watch(name, changed, { signal }).then(
    () => {
      over = { error: undefined };
    },
    (error: unknown) => {
      over = { error };
      return error;
    },
  );
  const stop = async (): Promise<void> => {
    controller.abort();
    await ended;
  };
  scope.defer(stop);
  const timeoutMs = patience(scope, registry);
  const begun = (): boolean => changes.length > 0 || over !== undefined;
  await eventually(begun, { timeoutMs });
  if (changes.length === 0) assert.fail(`the watch ended before its first change: ${describe(over?.error)}`);
  return {
    changes,
    get state() {
      return state;
    },
    async shows(lines) {
      await eventually(() => assert.deepEqual(nodeLines(state), lines), { timeoutMs });
    },
    ended,
    signal,
    stop,
  };
}

/** The state after a change: a node is known by its service and id. */
function fold(state: readonly ServiceRecord[], change: RegistryChange): readonly ServiceRecord[] {
  if (change.type === 'list') {
    return [
      ...state.filter(({ name }) => change.name !== undefined && name !== change.name),
      ...change.services,
    ];
  }
  const { name } = change.type === 'put' ? change.service : change;
  const ids = new Set(change.type === 'put' ? change.service.nodes.map(({ id }) => id) : change.ids);
  const rest = state
    .map((one) => (one.name === name ? { ...one, nodes: one.nodes.filter(({ id }) => !ids.has(id)) } : one))
    .filter(({ nodes }) => nodes.length > 0);
  return change.type === 'put' ? [...rest, change.service] : rest;
}
