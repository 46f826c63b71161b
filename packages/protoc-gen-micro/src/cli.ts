#!/usr/bin/env node
import { help, readCommand, runCommand } from './command.ts';
import { answer } from './plugin.ts';
import { ProtoError } from './proto-error.ts';

/** protoc gives its plugins no arguments, and a request on standard input. */
async function main(args: readonly string[]): Promise<boolean> {
  if (args.length === 0 && !process.stdin.isTTY) {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    process.stdout.write(answer(Buffer.concat(chunks)));
    return true;
  }
  const command = readCommand(args);
  if (command === undefined) {
    console.log(help);
    return args.length > 0;
  }
  return runCommand(
    command,
    (line) => console.log(line),
    (line) => console.error(line),
  );
}

try {
  if (!(await main(process.argv.slice(2)))) process.exitCode = 1;
} catch (error) {
  console.error(
    error instanceof ProtoError
      ? error.message
      : `protoc-gen-micro: ${error instanceof Error ? error.message : error}`,
  );
  process.exitCode = 1;
}
