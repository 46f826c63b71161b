import type { GreeterClient } from './gen/greeter/v1/greeter.micro.ts';

/** Calls all that the service has, and tells what came. */
export async function visit(greeter: GreeterClient): Promise<readonly string[]> {
  const told: string[] = [];
  const { text, number, at } = await greeter.hello({ name: 'Ada' });
  told.push(`${text} (${number > 0n && at !== undefined ? 'numbered and dated' : 'without number'})`);

  const counted: number[] = [];
  for await (const { value } of greeter.count({ to: 3 })) counted.push(value);
  told.push(counted.join(' '));

  async function* numbers(): AsyncGenerator<{ value: number }> {
    for (const value of counted) yield { value };
  }
  told.push(String((await greeter.sum(numbers())).value));

  async function* guests(): AsyncGenerator<{ name: string; language: 'GERMAN' }> {
    yield { name: 'Grace', language: 'GERMAN' };
    yield { name: 'Konrad', language: 'GERMAN' };
  }
  for await (const greeting of greeter.party(guests())) told.push(greeting.text);
  return told;
}
