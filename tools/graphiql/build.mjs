// Bundles GraphiQL and its three workers into the gateway's own static files: no CDN at run time.
import { build } from 'esbuild';
import { rm } from 'node:fs/promises';

const outdir = '../../gateway/static/graphiql';
await rm(outdir, { recursive: true, force: true });
const options = {
  bundle: true,
  minify: true,
  outdir,
  target: 'es2022',
  jsx: 'automatic',
  legalComments: 'eof',
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.ttf': 'file', '.woff2': 'file', '.svg': 'dataurl' },
  assetNames: '[name]',
  logLevel: 'warning',
};
await build({ ...options, format: 'esm', entryPoints: { graphiql: 'main.jsx' } });
await build({
  ...options,
  format: 'iife',
  entryPoints: {
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
  },
});
