import { afterEach } from '@jest/globals';
import { NatsLink, type NatsOptions } from '../src/index.ts';

const links: NatsLink[] = [];
afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()));
});

/** Closes it after the test. */
export function linkTo(options: NatsOptions): NatsLink {
  const link = new NatsLink({ connectTimeoutMs: 2_000, ...options }, 'test');
  links.push(link);
  return link;
}
