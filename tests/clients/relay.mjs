// Relay's own compiler and store: a nested list page by page, and a row that is read again.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import relay from 'relay-runtime';

const [url, token] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
const require = createRequire(import.meta.url);
mkdirSync('generated', { recursive: true });
const folder = mkdtempSync(join('generated', 'relay-'));

async function compiled() {
  const sdl = await (await fetch(url.replace(/graphql$/, 'schema.graphql'), { headers })).text();
  writeFileSync(join(folder, 'schema.graphql'), sdl);
  writeFileSync(join(folder, 'package.json'), '{"type": "commonjs"}'); // as its artifacts are
  cpSync('relay', join(folder, 'src'), { recursive: true });
  const config = join(folder, 'relay.config.json');
  writeFileSync(config, JSON.stringify({
    src: './src',
    schema: './schema.graphql',
    language: 'javascript',
    eagerEsModules: false,
    schemaConfig: { nodeInterfaceIdField: 'nodeId' },
  }));
  execFileSync(require('relay-compiler'), ['relay.config.json'], { cwd: folder, stdio: 'pipe' });
  return (name) => require(resolve(folder, 'src', '__generated__', `${name}.graphql.js`));
}

// The id of a row that isn't there.
function unknown(nodeId) {
  return btoa(atob(nodeId).replace(/\d+$/, '9999'));
}

function environment() {
  const network = relay.Network.create(async ({ text }, variables) =>
    (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: text, variables }) })).json());
  const getDataID = (row) => row.nodeId;
  return new relay.Environment({ network, store: new relay.Store(new relay.RecordSource(), { getDataID }), getDataID });
}

try {
  const artifact = await compiled();
  const relays = environment();
  const run = (name, variables) => {
    const operation = relay.createOperationDescriptor(artifact(name), variables);
    relays.retain(operation);
    return relay.fetchQuery(relays, artifact(name), variables).toPromise();
  };
  const fragment = (name, owner) => {
    const selector = relay.getSelector(artifact(name), owner);
    return relays.lookup(selector).data;
  };
  const found = await run('BlogCategoriesQuery', {});
  const category = found.categoryConnection.edges[0].node;
  const first = fragment('Blog_posts', category);
  const { endCursor, hasNextPage } = first.postsConnection.pageInfo;
  await run('BlogPostsPaginationQuery', { nodeId: category.__id, count: 2, cursor: endCursor });
  const both = fragment('Blog_posts', category);
  const post = both.postsConnection.edges[2].node;
  const again = await run('BlogPostRefetchQuery', { nodeId: post.__id });
  const [last, , best] = [3, 2, 0].map((place) => both.postsConnection.edges[place].node.__id);
  const { nodes } = await run('BlogPostsQuery', { ids: [last, unknown(last), best] });
  const titles = (page) => page.postsConnection.edges.map((edge) => edge.node.title);
  console.log(JSON.stringify({
    name: category.name,
    first: titles(first),
    hasNextPage,
    both: titles(both),
    isOver: !both.postsConnection.pageInfo.hasNextPage,
    post: fragment('Blog_post', again.node),
    nodes: nodes.map((row) => row && row.title),
  }, (key, value) => (key.startsWith('__') || key === 'nodeId' ? undefined : value)));
} finally {
  rmSync(folder, { recursive: true });
}
