import { getEventListeners } from 'node:events';
import { expect, test } from '@jest/globals';
import { offAbort, onAbort } from '../src/on-abort.ts';

test('many who wait on one signal are one listener, each is told once, and the last to leave takes it away', () => {
  const controller = new AbortController();
  const { signal } = controller;
  const told: number[] = [];
  const waiting = Array.from({ length: 20 }, (_, n) => () => void told.push(n));
  for (const one of waiting) onAbort(signal, one);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  for (const one of waiting.slice(2)) offAbort(signal, one);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  controller.abort();
  expect(told).toEqual([0, 1]);
  for (const one of waiting) offAbort(signal, one);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});
