import { Etcd3 } from 'etcd3';

/** Switches access control on: `root` may do everything, `reader` only read below /micro/. */
export async function enableAuth(url: string): Promise<void> {
  const etcd = new Etcd3({ hosts: url });
  const root = await etcd.role('root').create();
  const admin = await etcd.user('root').create('root-secret');
  await admin.addRole(root);
  const reading = await etcd.role('reading').create();
  await reading.grant({ permission: 'Read', range: etcd.range({ prefix: '/micro/' }) });
  const reader = await etcd.user('reader').create('reader-secret');
  await reader.addRole(reading);
  await etcd.auth.authEnable();
  etcd.close();
}
