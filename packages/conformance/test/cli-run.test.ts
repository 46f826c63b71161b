import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { runWanted, type Wanted } from '../src/cli-run.ts';

const module = fileURLToPath(new URL('./fixtures/registries.ts', import.meta.url));

function wanted(more: Partial<Wanted>): Wanted {
  return { kind: 'registry', module, options: { network: 'cli' }, ttlMs: 100, ...more };
}

describe('the command', () => {
  test('asks which plugin, when a module registers several, and runs the one that is named', async () => {
    await expect(runWanted(wanted({}))).rejects.toThrow(/registers one and two: choose one with --name/);
    const seen: string[] = [];
    const onPlugin = (name: string): void => void seen.push(name);
    const outcomes = await runWanted(wanted({ name: 'two', only: 'closed twice', onPlugin }));
    expect(seen).toEqual(['two']);
    expect(outcomes.map(({ status }) => status)).toEqual(['passed']);
  });

  test('says what is there when a module registers nothing of the kind, or the kind has no suite', async () => {
    await expect(runWanted(wanted({ kind: 'broker' }))).rejects.toThrow(
      /registered no broker.*there are: memory/,
    );
    await expect(runWanted(wanted({ kind: 'lamp' }))).rejects.toThrow(/no suite for "lamp".*registry/);
    await expect(runWanted(wanted({ module: './nowhere.js' }))).rejects.toThrow(/nowhere/);
  });
});
