// One client for all tenants, against the schema of their baseline; `./gql` is generated.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { graphql } from './gql';

async function request<Result, Variables>(tenant: string, document: TypedDocumentNode<Result, Variables>, variables: Variables): Promise<Result> {
  const response = await fetch(`/t/${tenant}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Schema': 'baseline' },
    body: JSON.stringify({ query: String(document), variables }),
  });
  return ((await response.json()) as { data: Result }).data;
}

const contacts = graphql(/* GraphQL */ `
  query Contacts($fields: [String!]) {
    contact(limit: 2) { contactId lastName email score account { name } customFields(names: $fields) }
  }
`);
const save = graphql(/* GraphQL */ `
  mutation Save($id: Int!, $set: ContactSetInput!) {
    saveContact(pkColumns: { contactId: $id }, _set: $set) { row { contactId customFields } changes { column after } }
  }
`);

export async function example(tenant: string): Promise<string[]> {
  const found = await request(tenant, contacts, { fields: ['cf_red_1'] });
  const keys: number[] = found.contact.map((contact) => contact.contactId);
  // All but keys may be missing in some tenant's database.
  const names: (string | null | undefined)[] = found.contact.map((contact) => contact.lastName);
  await request(tenant, save, { id: keys[0], set: { email: 'x@example.com', customFields: { cf_red_1: 'x' } } });
  // @ts-expect-error: a tenant's own column is no field of the common schema
  found.contact[0].cfRed1;
  return names.map((name) => name ?? 'unknown');
}
