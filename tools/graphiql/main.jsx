// The GraphiQL page of a tenant: editor, a prefilled query from the tenant's own schema, and switches.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import { getNamedType, isLeafType, isListType, isNonNullType, buildClientSchema, getIntrospectionQuery } from 'graphql';
import { useEffect, useRef, useState } from 'react';
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
  // The answer says which database it is of: the address may name a tenant by its id or domain name.
  return {
    schema: answer.data ? buildClientSchema(answer.data) : null,
    tenant: response.headers.get('X-Tenant') ?? config.tenant,
    environment: response.headers.get('X-Environment') ?? config.environment,
    unavailable: response.status === 503 ? answer.errors[0].message : '',
  };
}

const unread = { schema: null, tenant: config.tenant, environment: config.environment, unavailable: '' };

// What the page asks, with its entry in the list of what one may enter.
function placeOf(read, targets) {
  const here = targets.find((target) => target.tenant === read.tenant);
  return { tenant: read.tenant, environment: read.environment || here?.default || '', here };
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

function noSchema({ tenant, environment, here }, targets, unavailable) {
  if (!tenant && targets.length > 0) return '# Choose a tenant above.\n';
  if (!tenant) return '# Give a token above, then choose a tenant.\n';
  if (unavailable) return `# ${unavailable}\n`; // a tenant that is out of service altogether is none of the targets
  if (here && !here.environments.includes(environment)) return `# The environment ${environment} of ${tenant} is out of service.\n`;
  return '# No schema for you here:\n# give a token of this tenant above, or check the address.\n';
}

// A list whose value is chosen on purpose. The arrow keys pass through values: there Enter or the button chooses.
function Choice({ label, value, onChoose, children }) {
  const [pending, setPending] = useState(value);
  const isByKey = useRef(false);
  const isChanged = pending !== value;
  const changed = (event) => {
    setPending(event.target.value);
    if (!isByKey.current) onChoose(event.target.value);
  };
  const pressed = (event) => {
    isByKey.current = true;
    if (event.key === 'Escape') setPending(value);
    if (event.key !== 'Enter' || !isChanged) return;
    event.preventDefault(); // some systems open the list with it
    onChoose(pending);
  };
  return (
    <span className="gateway-choice">
      <label>
        {label}
        <select value={pending} onChange={changed} onKeyDown={pressed} onPointerDown={() => { isByKey.current = false; }}>{children}</select>
      </label>
      {isChanged && <button type="button" onClick={() => onChoose(pending)}>Open {pending}</button>}
    </span>
  );
}

// A list to choose from; of many tenants a field that finds them by what is typed.
function TenantSwitch({ tenant, targets, onChoose }) {
  const named = (slug) => targets.find((target) => target.tenant === slug);
  const options = targets.map((target) => <option key={target.tenant} value={target.tenant}>{target.tenant}</option>);
  if (targets.length <= listedTenants) {
    // Where the address names no tenant, none is chosen: the first one can be, too.
    return (
      <Choice key={tenant} label="Tenant" value={tenant} onChoose={(slug) => onChoose(named(slug))}>
        {!named(tenant) && <option value={tenant} disabled>{tenant || 'choose a tenant'}</option>}
        {options}
      </Choice>
    );
  }
  const choose = (field) => {
    const target = named(field.value.trim());
    field.setCustomValidity(target ? '' : 'You may enter no tenant of this name.');
    if (target && target.tenant !== tenant) onChoose(target);
    else field.reportValidity();
  };
  // A name that was taken from the list is complete; one that is being typed may be the beginning of another.
  const isTaken = (event) => (event.nativeEvent.inputType ?? 'insertReplacementText') === 'insertReplacementText';
  const changed = (event) => {
    event.target.setCustomValidity('');
    if (isTaken(event)) choose(event.target);
  };
  return (
    <label>
      Tenant
      <input list="gateway-tenants" autoComplete="off" spellCheck={false} placeholder={`one of ${targets.length}`} defaultValue={tenant}
        onFocus={(event) => event.target.select()} onChange={changed} onKeyDown={(event) => event.key === 'Enter' && choose(event.target)} />
      <datalist id="gateway-tenants">{options}</datalist>
    </label>
  );
}

function Switches({ place, targets, token, onToken }) {
  const go = (tenant, environment) => {
    globalThis.location.href = config.pattern.replace('TENANT', tenant).replace('ENVIRONMENT', environment);
  };
  const { tenant: current, environment: asked, here } = place;
  return (
    <form className="gateway-switches" onSubmit={(event) => event.preventDefault()}>
      <strong>Tenant GraphQL Gateway</strong>
      {targets.length > 0 && <TenantSwitch tenant={current} targets={targets} onChoose={(target) => go(target.tenant, target.default)} />}
      {here && (
        <Choice key={`${current}/${asked}`} label="Environment" value={asked} onChoose={(environment) => go(current, environment)}>
          {!here.environments.includes(asked) && <option value={asked} disabled>{asked} (out of service)</option>}
          {here.environments.map((environment) => <option key={environment}>{environment}</option>)}
        </Choice>
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
    Promise.all([readSchema(token).catch(() => unread), getJson(config.targets, token).catch(() => null)]).then(
      ([read, targets]) => isCurrent && setState({ token, read, targets: targets ?? [] }),
    );
    return () => { isCurrent = false; };
  }, [token]);
  const changeToken = (value) => {
    if (value) sessionStorage.setItem(tokenKey, value);
    else sessionStorage.removeItem(tokenKey);
    setToken(value);
  };
  if (state === null) return <p className="gateway-wait">Reading the schema…</p>;
  const place = placeOf(state.read, state.targets);
  const query = state.read.schema ? firstQuery(state.read.schema) : noSchema(place, state.targets, state.read.unavailable);
  const send = (params, options) =>
    fetcher(params, { ...options, headers: { ...authorization(token), ...options?.headers } });
  return (
    <div className="gateway-page">
      <Switches place={place} targets={state.targets} token={token} onToken={changeToken} />
      <div className="gateway-editor">
        <GraphiQL key={state.token} fetcher={send} schema={state.read.schema ?? undefined} defaultQuery={query} initialQuery={query} shouldPersistHeaders={false} />
      </div>
    </div>
  );
}

createRoot(document.getElementById('graphiql')).render(<Page />);
