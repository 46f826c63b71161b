export default {
  projects: ['<rootDir>/packages/*'],
  maxWorkers: 2,
  collectCoverageFrom: ['packages/*/src/**/*.ts'],
  coverageProvider: 'v8',
  coverageDirectory: 'coverage',
  coverageReporters: ['text', 'lcov', 'json-summary'],
};
