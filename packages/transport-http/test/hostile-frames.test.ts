import { hostileSuite } from '../../frames/test/hostile-listener.ts';
import { httpTransport } from '../src/index.ts';

hostileSuite('http', (frames) => httpTransport({ frames }));
