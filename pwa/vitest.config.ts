import vue from '@vitejs/plugin-vue'
import { fileURLToPath } from 'node:url'
import { VantResolver } from '@vant/auto-import-resolver'
import Components from 'unplugin-vue-components/vite'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  plugins: [
    vue(),
    Components({ dirs: [], dts: false, resolvers: [VantResolver({ importStyle: false })] }),
  ],
  test: {
    // A file that mounts something says that it wants a page.
    environment: 'node',
    include: ['src/**/*.test.ts', 'build/**/*.test.ts'],
    // The vectors live in tests/vectors of the repository; Node's WebCrypto does the signing.
    restoreMocks: true,
    testTimeout: 20_000,
    pool: 'threads',
    maxWorkers: 2,
    // Modules are read once in a thread, not once in a file; no test may count on a fresh one, as nothing in the app may.
    isolate: false,
  },
})
