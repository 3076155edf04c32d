import { readFileSync } from 'node:fs';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

/** Counts a file that could not even be loaded as one failed test, and so a failure outside of any test. */
function count(report: Report, exitCode: number): { passed: number; failed: number } {
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failed = report.numFailedTests + unloaded.length;
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

function readReport(file: string): Report {
  const text = readFileSync(file, 'utf8');
  // A run that ended before its report was written leaves the file empty.
  return text === '' ? { numPassedTests: 0, numFailedTests: 0, testResults: [] } : (JSON.parse(text) as Report);
}

const [file, exitCode] = process.argv.slice(2);
const { passed, failed } = count(readReport(file!), Number(exitCode));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
