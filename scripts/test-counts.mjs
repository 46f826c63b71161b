/** Prints `N passed, N failed, N skipped` from jest's JSON report; a suite that could not even start counts as failed. */
import { existsSync, readFileSync } from 'node:fs';

const file = process.argv[2];
if (existsSync(file)) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  const skipped = report.numPendingTests + report.numTodoTests;
  console.log(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = report.success && failed === 0 ? 0 : 1;
} else {
  console.error(`no report at ${file}: the tests did not run`);
  console.log('0 passed, 0 failed, 0 skipped');
  process.exitCode = 1;
}
