import type { BuildOptions, ServerOptions } from 'vite';

/** How a page of ours is built: for what serves it. */
export const build: BuildOptions = {
  target: 'es2023',
  // Nothing is inlined into the page: it is served under script-src 'self' and style-src 'self'.
  assetsInlineLimit: 0,
  modulePreload: { polyfill: false },
  sourcemap: false,
};

/** While one works on a page: its calls go to the server that `make run` starts. */
export const server: ServerOptions = {
  proxy: {
    '/auth': 'http://localhost:8080',
    '/api': 'http://localhost:8080',
    '/socket': { target: 'http://localhost:8080', ws: true },
  },
};
