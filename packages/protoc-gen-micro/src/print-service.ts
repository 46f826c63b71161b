import type { HttpRule, MethodDescriptorProto, ServiceDescriptorProto } from './gen/compiler.micro.ts';
import { namesOf } from './names.ts';
import { type Output, quote } from './output.ts';
import type { Places } from './places.ts';
import { commentOf } from './print-message.ts';
import type { References } from './references.ts';

const core = '@micro/core';

/** A service as a contract: what its client has, what its server needs, and its routes for a gateway. */
export function printService(
  service: ServiceDescriptorProto,
  fullName: string,
  path: readonly number[],
  references: References,
  places: Places,
): void {
  const { output, file, options } = references;
  const names = namesOf(file).services.get(fullName);
  if (names === undefined) throw new Error(`service ${fullName} has no names`);
  const { contract, api, client, handlers, routes } = names;
  const comment = commentOf(places, path, service.options?.deprecated);
  output.comment(comment);
  output.block(`export interface ${api} {`, '}', () => {
    for (const [index, method] of service.method.entries()) {
      output.comment(commentOf(places, [...path, 2, index], method.options?.deprecated));
      output.line(`readonly ${keyOf(method)}: ${kindOf(method, references)};`);
    }
  });
  output.line();
  output.comment(comment);
  const micro =
    options.service ??
    (file.package === undefined || file.package === '' ? (service.name ?? '') : file.package);
  const type = output.use(core, 'Contract', { isType: true });
  output.block(
    `export const ${contract}: ${type}<${api}> = ${output.use(core, 'contract')}(${quote(micro)}, ${quote(service.name ?? '')}, {`,
    '});',
    () => {
      for (const [index, method] of service.method.entries())
        printEndpoint(service, method, [...path, 2, index], references, places);
    },
  );
  output.line();
  output.comment([`What \`client.of(${contract})\` gives.`]);
  output.line(
    `export interface ${client} extends ${output.use(core, 'Client', { isType: true })}<${api}> {}`,
  );
  output.line();
  output.comment([`What \`service.handle(${contract}, ...)\` needs.`]);
  output.line(
    `export interface ${handlers} extends ${output.use(core, 'Handlers', { isType: true })}<${api}> {}`,
  );
  output.line();
  const rules = service.method.flatMap((method) =>
    rulesOf(method.options?.http).map((rule): [string, Route] => [`${service.name}.${pascal(method)}`, rule]),
  );
  if (rules.length === 0) return;
  output.comment([`The HTTP routes of ${contract}, for a gateway.`]);
  output.block(
    `export const ${routes}: readonly ${references.runtime('HttpRoute', true)}[] = [`,
    '];',
    () => {
      for (const [endpoint, { method, path: template, body, responseBody }] of rules) {
        const parts = [
          `endpoint: ${quote(endpoint)}`,
          `method: ${quote(method)}`,
          `path: ${quote(template)}`,
        ];
        if (body !== undefined && body !== '') parts.push(`body: ${quote(body)}`);
        if (responseBody !== undefined && responseBody !== '')
          parts.push(`responseBody: ${quote(responseBody)}`);
        output.line(`{ ${parts.join(', ')} },`);
      }
    },
  );
  output.line();
}

function pascal({ name = '' }: MethodDescriptorProto): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function keyOf({ name = '' }: MethodDescriptorProto): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** `Unary<what the client sends, what it gets, what the server gets, what it sends>`. */
function kindOf(method: MethodDescriptorProto, references: References): string {
  const { inputType, outputType, clientStreaming = false, serverStreaming = false } = method;
  const kind = clientStreaming
    ? serverStreaming
      ? 'Bidi'
      : 'ClientStream'
    : serverStreaming
      ? 'ServerStream'
      : 'Unary';
  const parts = [
    references.name(inputType, 'init'),
    references.name(outputType, 'type'),
    references.name(inputType, 'type'),
    references.name(outputType, 'init'),
  ];
  return `${references.output.use(core, kind, { isType: true })}<${parts.join(', ')}>`;
}

function printEndpoint(
  service: ServiceDescriptorProto,
  method: MethodDescriptorProto,
  path: readonly number[],
  references: References,
  places: Places,
): void {
  const { output } = references;
  const part = (type: string | undefined, streaming = false): string => {
    const name = references.name(type, 'value');
    return streaming ? `${output.use(core, 'stream')}(${name})` : name;
  };
  const level = method.options?.idempotencyLevel;
  const doc = sentence(places.commentOf(path));
  output.block(`${keyOf(method)}: ${output.use(core, 'rpc')}({`, '}),', () => {
    output.line(`request: ${part(method.inputType, method.clientStreaming)},`);
    output.line(`response: ${part(method.outputType, method.serverStreaming)},`);
    if (level === 'NO_SIDE_EFFECTS' || level === 'IDEMPOTENT') output.line('idempotent: true,');
    if (doc !== '') output.line(`doc: ${quote(doc)},`);
    printGateway(service, method, output);
  });
}

/**
 * What go-micro's gateways read in the registry (go-micro v4: api.Encode). They take every method on every path of an
 * endpoint, so that it is the first method and its paths; all of them are in the routes.
 */
function printGateway(service: ServiceDescriptorProto, method: MethodDescriptorProto, output: Output): void {
  const rules = rulesOf(method.options?.http);
  const [first] = rules;
  if (first === undefined) return;
  const paths = rules.filter((rule) => rule.method === first.method).map(({ path }) => path);
  output.block('metadata: {', '},', () => {
    output.line(`endpoint: ${quote(`${service.name}.${pascal(method)}`)},`);
    output.line("handler: 'rpc',");
    output.line(`method: ${quote(first.method)},`);
    output.line(`path: ${quote(paths.join(','))},`);
  });
}

/** The first paragraph, on one line. */
function sentence(lines: readonly string[]): string {
  const end = lines.indexOf('');
  return lines.slice(0, end < 0 ? lines.length : end).join(' ');
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
  readonly responseBody: string | undefined;
}

/** A rule and its additional bindings (google/api/http.proto), flat. */
function rulesOf(rule: HttpRule | undefined): readonly Route[] {
  if (rule?.pattern === undefined) return [];
  const { pattern, body, responseBody, additionalBindings } = rule;
  const [method, path] =
    pattern.case === 'custom'
      ? [pattern.value.kind ?? '', pattern.value.path ?? '']
      : [pattern.case.toUpperCase(), pattern.value];
  return [{ method, path, body, responseBody }, ...additionalBindings.flatMap(rulesOf)];
}
