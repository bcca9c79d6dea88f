import { VantResolver } from '@vant/auto-import-resolver'
import vue from '@vitejs/plugin-vue'
import { fileURLToPath } from 'node:url'
import { resolve } from 'node:path'
import Components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'
import { budget } from './build/budget.ts'
import { deskFiles } from './build/deskFiles.ts'
import { iconFont } from './build/iconFont.ts'
import { webManifest } from './build/webManifest.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const deskOnlyFiles = new Set<string>()
const weighed = budget()
const server = 'http://127.0.0.1:8600'

export default defineConfig({
  root,
  resolve: { alias: { '@': resolve(root, 'src') } },
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false' },
  plugins: [
    iconFont(root),
    vue({ features: { optionsAPI: false } }),
    Components({
      dirs: [],
      dts: false,
      resolvers: [VantResolver(), ElementPlusResolver({ importStyle: 'css' })],
    }),
    deskFiles(deskOnlyFiles),
    weighed,
    VitePWA({
      // Never autoUpdate: a reload by itself wiped a half-filled form when it was measured.
      registerType: 'prompt',
      strategies: 'generateSW',
      injectRegister: null,
      manifest: webManifest,
      includeAssets: [],
      includeManifestIcons: false,
      workbox: {
        globPatterns: ['**/*.{js,css,html,woff2,wasm,webmanifest}', 'icons/icon-192.png'],
        // One file: under Trusted Types a worker may not importScripts, and the worker that could not
        // load its runtime still installs, in silence, with nothing kept.
        inlineWorkboxRuntime: true,
        navigateFallback: '/index.html',
        navigateFallbackDenylist: [/^\/api/, /^\/desk/, /^\/ca/, /^\/public/],
        cleanupOutdatedCaches: true,
        // The page that installs it is served by it at once: somebody who enrols and drives off must not need a restart.
        clientsClaim: true,
        skipWaiting: false,
        maximumFileSizeToCacheInBytes: 2_000_000,
        manifestTransforms: [
          (entries) => {
            const manifest = entries.filter((entry) => !deskOnlyFiles.has(entry.url))
            weighed.precached(manifest)
            return { manifest, warnings: [] }
          },
        ],
      },
    }),
  ],
  build: {
    target: ['chrome109', 'safari16.4', 'firefox115'],
    outDir: 'dist',
    emptyOutDir: true,
    // Fonts and images as files: the content policy allows no data: fonts.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { field: resolve(root, 'index.html'), desk: resolve(root, 'desk.html') },
    },
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': server } },
})
