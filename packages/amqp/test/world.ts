import { afterEach } from '@jest/globals';
import { AmqpLink, type AmqpOptions, type LinkUser } from '../src/index.ts';

const links: AmqpLink[] = [];
afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()));
});

const idle: LinkUser = { prepare: async () => undefined, lost() {}, back() {} };

/** Closes it after the test. */
export function linkTo(options: AmqpOptions, user: Partial<LinkUser> = {}): AmqpLink {
  const link = new AmqpLink(options, 'test', { ...idle, ...user });
  links.push(link);
  return link;
}
