/**
 * The browser scenarios: real Chromium at a phone's size. `./manage.py test --only browser`
 * sets CHROMIUM and the Python to start servers with; run by hand it finds them itself.
 */
import { defineConfig } from '@playwright/test'
import { existsSync } from 'node:fs'
import Module from 'node:module'
import { delimiter, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const PWA = fileURLToPath(new URL('.', import.meta.url))
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

function chromium(): string {
  const given = process.env['CHROMIUM']
  if (given !== undefined && given !== '') return given
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of NAMES) if (existsSync(resolve(folder, name))) return resolve(folder, name)
  }
  throw new Error('no Chromium on PATH: install chromium, or set CHROMIUM')
}

process.env['CHROMIUM'] = chromium()
process.env['SUIJIAN_PYTHON'] ??= resolve(PWA, '../.venv/bin/python')
// The scenarios stand in tests/browser, outside this package: plain `require` finds Playwright for
// them through NODE_PATH, which Node reads at its start and again here.
process.env['NODE_PATH'] = resolve(PWA, 'node_modules')
;(Module as unknown as { _initPaths: () => void })._initPaths()

/** What Playwright switches off by itself and any list of ours would replace: of it, what matters on Linux. */
const AS_PLAYWRIGHT = [
  'AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'HttpsUpgrades', 'HttpsFirstBalancedModeAutoEnable', 'LensOverlay', 'MediaRouter',
  'PaintHolding', 'ThirdPartyStoragePartitioning', 'AvoidCorsURLLoaderRestartOnRedirect', 'OptimizationHints', 'NetworkTimeServiceQuerying', 'AimEnabled', 'PreconnectToSearch',
]

/** Pages of the browser's own bars, which nobody sees here: to draw them costs more than to start the browser. */
const OWN_PAGES = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIReloadButton', 'PreloadTopChromeWebUI', 'SpareRendererForSitePerProcess']

/** Phones are started with them too (`tests/browser/phone.ts`). */
const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
  `--disable-features=${[...AS_PLAYWRIGHT, ...OWN_PAGES].join(',')}`,
]

export default defineConfig({
  // Files run by name, so `inspections` first: they take a minute and more each, and begun last one would be alone at the end with half the machine.
  testDir: '../tests/browser',
  globalSetup: '../tests/browser/demo.ts',
  outputDir: '../.suijian/browser',
  // One more than the two cores: a scenario also waits, for a server to start or a frame to be drawn.
  workers: 3,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  // A scenario takes a minute on a quiet machine and three on a busy one; it fails on what it sees, not on the clock.
  timeout: 400_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['junit', { outputFile: process.env['PLAYWRIGHT_JUNIT_OUTPUT_FILE'] ?? '../.suijian/reports/playwright.xml' }]],
  use: {
    viewport: { width: 360, height: 740 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    serviceWorkers: 'allow',
    trace: 'off',
    // What is to come is waited for by `waitFor`: each look of an `expect` at what is not there yet writes down the whole page.
    actionTimeout: 15_000,
    launchOptions: {
      executablePath: process.env['CHROMIUM'],
      args: ARGUMENTS,
    },
  },
})
