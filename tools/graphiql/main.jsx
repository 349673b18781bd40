// The GraphiQL page of a tenant: editor, a prefilled query from the tenant's own schema, and switches.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import { getNamedType, isLeafType, isListType, isNonNullType, buildClientSchema, getIntrospectionQuery } from 'graphql';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import './page.css';

const config = JSON.parse(document.getElementById('config').textContent);
const workers = { json: 'json.worker.js', graphql: 'graphql.worker.js' };
globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(config.static + (workers[label] ?? 'editor.worker.js')),
};
const listedTenants = 50;
const tokenKey = 'gateway:token';
const fetcher = createGraphiQLFetcher({ url: config.endpoint });

function authorization(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

async function getJson(url, token) {
  const response = await fetch(url, { headers: { Accept: 'application/json', ...authorization(token) } });
  return response.ok ? response.json() : null;
}

async function readSchema(token) {
  const response = await fetch(config.endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...authorization(token) },
    body: JSON.stringify({ query: getIntrospectionQuery() }),
  });
  const answer = await response.json();
  return answer.data ? buildClientSchema(answer.data) : null;
}

function firstQuery(schema) {
  const fields = Object.values(schema.getQueryType()?.getFields() ?? {});
  const lists = fields.filter(
    (field) => isNonNullType(field.type) && isListType(field.type.ofType) && field.args.some((arg) => arg.name === 'limit'),
  );
  if (lists.length === 0) return '# This schema has no table to read yet.\n';
  const list = lists[0];
  const columns = Object.values(getNamedType(list.type).getFields())
    .filter((field) => isLeafType(getNamedType(field.type)) && field.name !== 'id' && field.args.length === 0)
    .slice(0, 5)
    .map((field) => `    ${field.name}\n`)
    .join('');
  return `# The first rows of one table. Ctrl+Space completes, Ctrl+Enter runs.\n{\n  ${list.name}(limit: 10) {\n${columns || '    __typename\n'}  }\n}\n`;
}

// A list to choose from; of many tenants a field that finds them by what is typed.
function TenantSwitch({ targets, onChoose }) {
  const named = (slug) => targets.find((target) => target.tenant === slug);
  const options = targets.map((target) => <option key={target.tenant} value={target.tenant}>{target.tenant}</option>);
  if (targets.length <= listedTenants) {
    return <select value={config.tenant} onChange={(event) => onChoose(named(event.target.value))}>{options}</select>;
  }
  const choose = (field) => {
    const target = named(field.value.trim());
    field.setCustomValidity(target ? '' : 'You may enter no tenant of this name.');
    if (target && target.tenant !== config.tenant) onChoose(target);
    else field.reportValidity();
  };
  // A name that was taken from the list is complete; one that is being typed may be the beginning of another.
  const isTaken = (event) => (event.nativeEvent.inputType ?? 'insertReplacementText') === 'insertReplacementText';
  const changed = (event) => {
    event.target.setCustomValidity('');
    if (isTaken(event)) choose(event.target);
  };
  return (
    <>
      <input list="gateway-tenants" autoComplete="off" spellCheck={false} placeholder={`one of ${targets.length}`} defaultValue={config.tenant}
        onFocus={(event) => event.target.select()} onChange={changed} onKeyDown={(event) => event.key === 'Enter' && choose(event.target)} />
      <datalist id="gateway-tenants">{options}</datalist>
    </>
  );
}

function Switches({ targets, token, onToken }) {
  const go = (tenant, environment) => {
    globalThis.location.href = config.pattern.replace('TENANT', tenant).replace('ENVIRONMENT', environment);
  };
  const here = targets.find((target) => target.tenant === config.tenant);
  return (
    <form className="gateway-switches" onSubmit={(event) => event.preventDefault()}>
      <strong>Tenant GraphQL Gateway</strong>
      {targets.length > 0 && (
        <label>
          Tenant
          <TenantSwitch targets={targets} onChoose={(target) => go(target.tenant, target.environments[0])} />
        </label>
      )}
      {here && (
        <label>
          Environment
          <select value={config.environment || here.environments[0]} onChange={(event) => go(config.tenant, event.target.value)}>
            {here.environments.map((environment) => <option key={environment}>{environment}</option>)}
          </select>
        </label>
      )}
      <label className="gateway-token">
        Token
        <input type="password" autoComplete="off" placeholder="tgw_…" defaultValue={token} onBlur={(event) => onToken(event.target.value.trim())}
          onKeyDown={(event) => event.key === 'Enter' && onToken(event.target.value.trim())} />
      </label>
    </form>
  );
}

function Page() {
  const [token, setToken] = useState(sessionStorage.getItem(tokenKey) ?? '');
  const [state, setState] = useState(null);
  useEffect(() => {
    let isCurrent = true;
    Promise.all([readSchema(token).catch(() => null), getJson(config.targets, token).catch(() => null)]).then(
      ([schema, targets]) => isCurrent && setState({ token, schema, targets: targets ?? [] }),
    );
    return () => { isCurrent = false; };
  }, [token]);
  const changeToken = (value) => {
    if (value) sessionStorage.setItem(tokenKey, value);
    else sessionStorage.removeItem(tokenKey);
    setToken(value);
  };
  if (state === null) return <p className="gateway-wait">Reading the schema…</p>;
  const query = state.schema
    ? firstQuery(state.schema)
    : '# No schema for you here: give a token of this tenant above, or check the address.\n';
  const send = (params, options) =>
    fetcher(params, { ...options, headers: { ...authorization(token), ...options?.headers } });
  return (
    <div className="gateway-page">
      <Switches targets={state.targets} token={token} onToken={changeToken} />
      <div className="gateway-editor">
        <GraphiQL key={state.token} fetcher={send} schema={state.schema ?? undefined} defaultQuery={query} initialQuery={query} shouldPersistHeaders={false} />
      </div>
    </div>
  );
}

createRoot(document.getElementById('graphiql')).render(<Page />);
