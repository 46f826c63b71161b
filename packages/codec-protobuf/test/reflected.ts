import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import type { MessageType } from '../src/index.ts';
import { type ReflectedMessage, reflect } from '../src/reflect.ts';

const source = readFileSync(new URL('./protos/demo/v1/everything.proto', import.meta.url), 'utf8');
const { root } = protobuf.parse(source);
for (const name of ['any', 'duration', 'empty', 'field_mask', 'struct', 'timestamp', 'wrappers']) {
  const common = protobuf.common.get(`google/protobuf/${name}.proto`);
  if (common?.nested) root.addJSON(common.nested);
}
root.resolveAll();

/** protobufjs' own type of a name in everything.proto. */
export function bare(name: string): protobuf.Type {
  return root.lookupType(`demo.v1.${name}`);
}

export function reflected(name: string, int64?: 'string'): MessageType<ReflectedMessage> {
  return reflect(bare(name), { int64 });
}
