// What an application of Relay writes; relay.mjs has Relay's compiler make artifacts of it.
import { graphql } from 'relay-runtime';

export const categories = graphql`
  query BlogCategoriesQuery {
    categoryConnection(first: 10) {
      edges { node { name ...Blog_posts } }
    }
  }
`;

export const posts = graphql`
  fragment Blog_posts on Category
  @refetchable(queryName: "BlogPostsPaginationQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" }) {
    postsConnection(first: $count, after: $cursor, orderBy: [{ views: DESC }])
      @connection(key: "Blog_postsConnection") {
      edges { node { title ...Blog_post } }
    }
  }
`;

export const post = graphql`
  fragment Blog_post on Post @refetchable(queryName: "BlogPostRefetchQuery") {
    title
    views
    status
    category { name }
  }
`;

export const several = graphql`
  query BlogPostsQuery($ids: [ID!]!) {
    nodes(nodeIds: $ids) { ... on Post { title } }
  }
`;
