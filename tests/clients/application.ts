// What a frontend developer writes against the demo's schema; `./gql` is generated.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { graphql } from './gql';
import { type AccountBoolExp, OrderBy } from './gql/graphql';

async function request<Result, Variables>(document: TypedDocumentNode<Result, Variables>, variables: Variables): Promise<Result> {
  const response = await fetch('/graphql', { method: 'POST', body: JSON.stringify({ query: String(document), variables }) });
  return ((await response.json()) as { data: Result }).data;
}

const accounts = graphql(/* GraphQL */ `
  query Accounts($where: AccountBoolExp, $order: [AccountOrderBy!], $limit: Int) {
    account(where: $where, orderBy: $order, limit: $limit) {
      accountId
      name
      employees
      opportunities(orderBy: [{ amount: DESC }], limit: 3) { name amount }
      opportunitiesAggregate { aggregate { count sum { amount } } }
    }
    accountGroupBy(by: [city]) { keys { city } aggregate { count } }
  }
`);
const page = graphql(/* GraphQL */ `
  query Page($after: String) {
    accountConnection(first: 10, after: $after) { edges { cursor node { id name } } pageInfo { hasNextPage endCursor } }
  }
`);
const save = graphql(/* GraphQL */ `
  mutation Rename($id: Int!, $name: String!) {
    saveAccount(pkColumns: { accountId: $id }, _set: { name: $name }) { row { name } changes { field before after } }
  }
`);

export async function example(): Promise<string[]> {
  const where: AccountBoolExp = { employees: { _gt: 10 }, opportunities: { stage: { _eq: 'won' } } };
  const found = await request(accounts, { where, order: [{ name: OrderBy.Asc }], limit: 5 });
  const names: string[] = found.account.map((account) => account.name);
  const employees: (number | null | undefined)[] = found.account.map((account) => account.employees);
  const counted: number = found.account[0].opportunitiesAggregate.aggregate.count + employees.length;
  const first = await request(page, {});
  const next = await request(page, { after: first.accountConnection.pageInfo.endCursor });
  const saved = await request(save, { id: counted, name: next.accountConnection.edges[0].node.name });
  // @ts-expect-error: there is no such column
  found.account[0].salary;
  // @ts-expect-error: the key is a number
  await request(save, { id: 'one', name: 'x' });
  return [...names, saved.saveAccount?.row?.name ?? 'gone'];
}
