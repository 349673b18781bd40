// Generates a typed client from each schema's own address, and has TypeScript check an application on it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from '@graphql-codegen/cli';
import ts from 'typescript';

const [application, ...urls] = process.argv.slice(2);
const headers = process.env.TOKEN ? { Authorization: `Bearer ${process.env.TOKEN}` } : {};
mkdirSync('generated', { recursive: true });

async function errorsOf(sdl) {
  const folder = mkdtempSync(join('generated', 'client-'));
  try {
    return await check(folder, sdl);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function check(folder, sdl) {
  writeFileSync(join(folder, 'schema.graphql'), sdl);
  const source = readFileSync(application, 'utf8');
  const file = join(folder, 'application.ts');
  writeFileSync(file, source);
  await generate({
    schema: join(folder, 'schema.graphql'),
    documents: [file],
    silent: true,
    errorsOnly: true,
    generates: { [join(folder, 'gql/')]: { preset: 'client', config: { useTypeImports: true, strictScalars: false } } },
  }, true);
  const program = ts.createProgram([file], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  });
  return ts.getPreEmitDiagnostics(program).map((d) => ts.flattenDiagnosticMessageText(d.messageText, '\n'));
}

// All are fetched first: a check keeps the event loop for seconds, which no idle connection survives.
const schemas = [];
for (const url of urls) schemas.push([url, await (await fetch(url, { headers })).text()]);
const found = {};
for (const [url, sdl] of schemas) found[url] = await errorsOf(sdl);
console.log(JSON.stringify(found));
