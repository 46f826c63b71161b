/** The management token of a server with access control. */
export const management = '00000000-0000-0000-0000-000000000001';

/** Makes a token that may do what the rules say (Consul's ACL language). Resolves with it. */
export async function tokenFor(url: string, name: string, rules: string): Promise<string> {
  await put(url, 'acl/policy', { Name: name, Rules: rules });
  const made = await put(url, 'acl/token', { Policies: [{ Name: name }] });
  return String(Reflect.get(made, 'SecretID'));
}

export async function put(url: string, path: string, body: object): Promise<object> {
  const headers = { 'X-Consul-Token': management };
  const response = await fetch(`${url}/v1/${path}`, { method: 'PUT', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  const made: unknown = await response.json();
  return Object(made);
}
