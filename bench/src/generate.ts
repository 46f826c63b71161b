import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './stats.ts';

// From .proto files to TypeScript with the command as it is published: its start, reading, writing, everything.

const files = 100;
const rounds = 7;
const limitMs = 3_000;
const command = fileURLToPath(new URL('../../packages/protoc-gen-micro/bundle/cli.js', import.meta.url));

/** Ten messages of ten fields and a service of four methods, in a file that imports the one before. */
function protoFile(n: number): string {
  const before = n === 0 ? undefined : `fleet.f${n - 1}`;
  const messages = Array.from(
    { length: 10 },
    (_, m) => `
// What number ${m} of file ${n} is.
message Thing${m} {
  // Never changes.
  string id = 1;
  int64 count = 2;
  repeated double values = 3;
  map<string, int32> totals = 4;
  Color color = 5;
  bytes data = 6;
  google.protobuf.Timestamp at = 7;
  ${before ?? `fleet.f${n}`}.Thing${m}.Part part = 8;
  oneof choice {
    string text = 9;
    Part other = 10;
  }
  message Part {
    uint32 x = 1;
    repeated Thing${(m + 1) % 10} things = 2;
  }
}`,
  );
  const methods = Array.from(
    { length: 4 },
    (_, m) => `
  // Does number ${m}.
  rpc Do${m}(${m > 1 ? 'stream ' : ''}Thing${m}) returns (${m % 2 === 1 ? 'stream ' : ''}Thing${m + 1});`,
  );
  return `syntax = "proto3";
package fleet.f${n};
import "google/protobuf/timestamp.proto";
${before === undefined ? '' : `import "f${n - 1}.proto";`}
enum Color { RED = 0; GREEN = 1; }
${messages.join('\n')}
service Fleet${n} {${methods.join('\n')}
}
`;
}

const root = mkdtempSync(join(tmpdir(), 'micro-generate-'));
try {
  const names = Array.from({ length: files }, (_, n) => `f${n}.proto`);
  for (const [n, name] of names.entries()) writeFileSync(join(root, name), protoFile(n));
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const out = join(root, `out${round}`);
    const args = ['--conditions=@micro/bundle', command, ...names, '--out', out];
    const start = performance.now();
    await promisify(execFile)(process.execPath, args, { cwd: root });
    times.push(performance.now() - start);
    const written = readdirSync(out).length;
    if (written !== files) throw new Error(`${written} files were written, not ${files}`);
  }
  const ms = median(times);
  console.log(
    `generate: ${files} .proto files in ${Math.round(ms)} ms (${Math.round(Math.min(...times))}-${Math.round(Math.max(...times))}), ` +
      `wanted < ${limitMs}: ${ms < limitMs ? 'met' : 'MISSED'}`,
  );
} finally {
  rmSync(root, { recursive: true, force: true });
}
