// Global ids, pages of related rows and a table as an enum; `./gql` is generated.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { graphql } from './gql';
import { type PostInsertInput, StatusEnum } from './gql/graphql';

async function request<Result, Variables>(document: TypedDocumentNode<Result, Variables>, variables: Variables): Promise<Result> {
  const response = await fetch('/graphql', { method: 'POST', body: JSON.stringify({ query: String(document), variables }) });
  return ((await response.json()) as { data: Result }).data;
}

const categories = graphql(/* GraphQL */ `
  query Categories($status: StatusEnum!, $after: String) {
    category {
      nodeId
      postsConnection(first: 2, after: $after, where: { status: { _eq: $status } }) {
        totalCount
        edges { cursor node { nodeId id title status } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);
const posts = graphql(/* GraphQL */ `
  query Posts($ids: [ID!]!) {
    nodes(nodeIds: $ids) { __typename nodeId ... on Post { title status } ... on Category { name } }
  }
`);
const post = graphql(/* GraphQL */ `
  query Post($id: ID!) { node(nodeId: $id) { ... on Post { views } } }
`);
const add = graphql(/* GraphQL */ `
  mutation Add($object: PostInsertInput!) { insertPostOne(object: $object) { nodeId status } }
`);

export async function example(): Promise<string[]> {
  const found = await request(categories, { status: StatusEnum.InReview });
  const page = found.category[0].postsConnection;
  const next = await request(categories, { status: StatusEnum.Draft, after: page.pageInfo.endCursor });
  const ids: string[] = [...page.edges, ...next.category[0].postsConnection.edges].map((edge) => edge.node.nodeId);
  const several = await request(posts, { ids });
  const names = several.nodes.map((row) => {
    switch (row?.__typename) {
      case 'Post': {
        const status: StatusEnum = row.status;
        return `${row.title}: ${status}`;
      }
      case 'Category':
        return row.name;
      default:
        return 'gone';
    }
  });
  const object: PostInsertInput = { title: 'New', views: page.totalCount, status: StatusEnum.Draft };
  const added = await request(add, { object });
  const one = await request(post, { id: added.insertPostOne?.nodeId ?? '' });
  // @ts-expect-error: no row of the table has this value
  const wrong: PostInsertInput = { title: 'New', views: 1, status: 'lost' };
  // @ts-expect-error: ids are texts
  await request(post, { id: 7 });
  return [...names, String(wrong), one.node?.__typename ?? 'none'];
}
