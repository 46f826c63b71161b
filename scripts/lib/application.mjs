/** The source of a large application: a contract a file, all handlers in one program, all calls in another. */

/** File name to text. Every endpoint has its own request and response type with a nested object each. */
export function application({ contracts, unary, streams }) {
  const files = {};
  const ids = Array.from({ length: contracts }, (_, c) => c);
  for (const c of ids) files[`contract-${c}.ts`] = contractFile(c, unary, streams);
  const imports = ids.map((c) => `import { Contract${c} } from './contract-${c}.ts';`);
  const service = "const service = createService({ name: 'app' });";
  const head = ["import { createService } from '@micro/core';", ...imports, service];
  files['server.ts'] = [...head, ...ids.map((c) => handlers(c, unary, streams)), ''].join('\n');
  files['client.ts'] = [...head, ...ids.map((c) => calls(c, unary, streams)), 'export {};', ''].join('\n');
  return files;
}

const times = (n, line) => Array.from({ length: n }, (_, i) => line(i));
const get = (i) => `get${i}`;
const watch = (i) => `watch${i}`;

function contractFile(c, unary, streams) {
  const types = (name) => [
    `interface ${name}Request { id: string; page: { size: number; token?: string } }`,
    `interface ${name}Reply { id: string; item: { title: string; tags: string[] } }`,
  ];
  const endpoint = (name, response) =>
    `  ${name}: rpc({ request: type<${name}Request>(), response: ${response} }),`;
  return [
    "import { contract, rpc, stream, type } from '@micro/core';",
    ...times(unary, (i) => types(get(i)).join('\n')),
    ...times(streams, (i) => types(watch(i)).join('\n')),
    `export const Contract${c} = contract('service${c}', 'Service${c}', {`,
    ...times(unary, (i) => endpoint(get(i), `type<${get(i)}Reply>()`)),
    ...times(streams, (i) => endpoint(watch(i), `stream(type<${watch(i)}Reply>())`)),
    '});',
    '',
  ].join('\n');
}

function handlers(c, unary, streams) {
  const reply = '{ id, item: { title: String(page.size), tags: [] } }';
  return [
    `service.handle(Contract${c}, {`,
    ...times(unary, (i) => `  async ${get(i)}({ id, page }) { return ${reply}; },`),
    ...times(streams, (i) => `  async *${watch(i)}({ id, page }) { yield ${reply}; },`),
    '});',
  ].join('\n');
}

function calls(c, unary, streams) {
  const request = "{ id: 'a', page: { size: 1 } }";
  return [
    `const client${c} = service.client.of(Contract${c});`,
    ...times(unary, (i) => `(await client${c}.${get(i)}(${request})).item.title.length;`),
    ...times(
      streams,
      (i) => `for await (const { item } of client${c}.${watch(i)}(${request})) item.tags.length;`,
    ),
  ].join('\n');
}
