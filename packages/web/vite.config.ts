/** `vite build` makes what the daemon serves; with `--mode mock`, a page that needs no daemon. */
import { defineConfig } from 'vite'
import solid from 'vite-plugin-solid'

export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  // The daemon may stand behind a proxy under any path.
  base: './',
  plugins: [solid()],
  build: {
    outDir: mode === 'mock' ? 'dist-mock' : 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the page allows no `data:` but for images, and one file less is no gain.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // All of the first load in one file: a dozen small ones are further round trips to a daemon that is far away.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'page', test: /src\/main\.tsx$/ }] } } },
    reportCompressedSize: false,
  },
  server: { port: 5180, strictPort: false },
}))
