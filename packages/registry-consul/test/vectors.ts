// TV1 to TV3 of docs/wire.md: bytes of go-micro v4.11 (Go) and of zlib elsewhere.
export const versionsByGo = {
  '1.0.0': 'v-789c32d433d03300040000ffff02ce00ee',
  latest: 'v-789cca492c492d2e01040000ffff08cc028e',
};
export const metadataByGo = {
  '{"protocol":"mucp"}': 't-789caa562a28ca2fc94fcecf51b252ca2d4d2e50aa05040000ffff46a906e2',
  '{"transport":"http"}': 't-789caa562a294acc2b2ec82f2a51b252ca28292950aa05040000ffff4f930768',
  '{"broker":"http"}': 't-789caa564a2acacf4e2d52b252ca28292950aa05040000ffff364d0600',
  '{"server":"mucp"}': 't-789caa562a4e2d2a4b2d52b252ca2d4d2e50aa05040000ffff37200607',
  '{"registry":"consul"}': 't-789caa562a4a4dcf2c2e29aa54b2524acecf2b2ecd51aa05040000ffff560f07c8',
};
export const protocolElsewhere = 't-789cab562a28ca2fc94fcecf51b252ca2d4d2e50aa050046a906e2';
export const endpointJson =
  '{"request":{"name":"Request","type":"Request","values":[{"name":"name","type":"string","values":null}]},"response":{"name":"Response","type":"Response","values":[{"name":"msg","type":"string","values":null}]},"metadata":{},"name":"Greeter.Hello"}';
export const endpointByGo =
  'e-789c8c8d410a02311004ffd2e7e003f2013d7b150f019b459864d7998920217f17640dbb78f1d45054530dca47a539624349998838af24c05fcb1e3c93541ae265c89f19a6b9decbb4114b15e9d71ea0b4652ec65d67459bd020bfa56cd33fa14c4fb7e409b1f5f0fd1e9574eae1449119fd1d0000ffff2aca537b';
