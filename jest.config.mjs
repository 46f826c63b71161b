export default {
  projects: ['<rootDir>/packages/*'],
  maxWorkers: 2,
  // What hangs ends; how long something may take on a busy machine is no test's concern
  testTimeout: 30_000,
  collectCoverageFrom: ['packages/*/src/**/*.ts'],
  coverageProvider: 'v8',
  coverageDirectory: 'coverage',
  coverageReporters: ['text', 'lcov', 'json-summary'],
};
