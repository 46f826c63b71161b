#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { kinds, runWanted } from './cli-run.ts';
import { outcomeLines, summaryLine } from './report.ts';
import type { Outcome } from './run.ts';

const help = `micro-conformance <kind> <module> [--options JSON] [--name NAME] [--ttl MS] [--only TEXT]

Imports a module that registers a plugin with definePlugin(), and holds the plugin to its contract.

  <kind>     ${kinds.join(', ')}
  <module>   a package, or a path such as ./dist/index.js
  --options  what the plugin is made with, as JSON
  --name     which plugin, when the module registers several
  --ttl      registries: the smallest TTL that the backend can keep, in ms (default 2000)
  --only     run only cases whose name contains the text
  --help     this text

Exit code: 0 when every case passed or was skipped, 1 otherwise. Waivers, broken backends and more samples need
a harness of your own: see the README of @micro/conformance.
`;

async function main(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      options: { type: 'string' },
      name: { type: 'string' },
      ttl: { type: 'string', default: '2000' },
      only: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [kind, module] = positionals;
  if (values.help) {
    process.stdout.write(help);
    return true;
  }
  if (kind === undefined || module === undefined || positionals.length > 2)
    throw new Error(`usage:\n${help}`);
  const ttlMs = Number(values.ttl);
  if (!(ttlMs > 0)) throw new Error(`--ttl must be a time in ms, not "${values.ttl}"`);
  const options: unknown = values.options === undefined ? undefined : JSON.parse(values.options);
  const colour = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  const start = performance.now();
  const outcomes = await runWanted({
    kind,
    module,
    options,
    ttlMs,
    name: values.name,
    only: values.only,
    onPlugin: (name) => process.stdout.write(`${kind} "${name}" from ${module}\n`),
    onOutcome: (outcome: Outcome) => process.stdout.write(outcomeLines(outcome, colour)),
  });
  process.stdout.write(summaryLine(outcomes, performance.now() - start, colour));
  return outcomes.length > 0 && outcomes.every(({ status }) => status !== 'failed');
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// A plugin that leaks would keep the command from ending: its case has failed and said so.
setTimeout(() => process.exit(), 2_000).unref();
