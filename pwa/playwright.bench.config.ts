/** `npx playwright test -c playwright.bench.config.ts`: the browser of the scenarios, measured (bench/phone). */
import base from './playwright.config.ts'

export default {
  ...base,
  testDir: '../bench/phone',
  testMatch: '*.bench.ts',
  outputDir: '../.suijian/bench-phone',
  // One after the other: beside another measurement each would measure that one too.
  workers: 1,
  reporter: [['list']],
  timeout: 900_000,
}
