import { hostileSuite } from '../../frames/test/hostile-listener.ts';
import { tcpTransport } from '../src/index.ts';

hostileSuite('tcp', (limits) => tcpTransport(limits));
