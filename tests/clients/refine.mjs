// Refine's data provider for Hasura, as an application uses it, on a table `post` with a column `id`.
import createProvider, { GraphQLClient } from '@refinedev/hasura';

const [url, token] = process.argv.slice(2);
const client = new GraphQLClient(url, { headers: { Authorization: `Bearer ${token}` } });
const provider = createProvider(client, { namingConvention: 'graphql-default', idType: 'Int' });
const fields = ['id', 'title', 'views', 'status', { category: ['name'] }];
const meta = { fields };
const resource = 'post';
const answers = {};

answers.created = (await provider.create({ resource, variables: { title: 'First', views: 1, categoryId: 1 }, meta })).data;
answers.createdMany = (await provider.createMany({
  resource,
  variables: [{ title: 'Second', views: 2 }, { title: 'Third', views: 3, categoryId: 2, status: 'in_review' }],
  meta: { fields: ['title', 'views'] },
})).data;
answers.list = await provider.getList({
  resource,
  meta,
  pagination: { currentPage: 1, pageSize: 2 },
  sorters: [{ field: 'views', order: 'desc' }],
  filters: [
    { field: 'title', operator: 'contains', value: 'ir' },
    { operator: 'or', value: [{ field: 'views', operator: 'gte', value: 3 }, { field: 'category.name', operator: 'eq', value: 'News' }] },
  ],
});
answers.secondPage = await provider.getList({ resource, meta, pagination: { currentPage: 2, pageSize: 2 } });
answers.nulls = await provider.getList({ resource, meta, filters: [{ field: 'categoryId', operator: 'null', value: true }] });
answers.reviewed = await provider.getList({ resource, meta, filters: [{ field: 'status', operator: 'eq', value: 'in_review' }] });
answers.one = (await provider.getOne({ resource, id: 1, meta })).data;
answers.many = (await provider.getMany({ resource, ids: [1, 3], meta })).data;
answers.updated = (await provider.update({ resource, id: 1, variables: { title: 'First!' }, meta })).data;
answers.updatedMany = (await provider.updateMany({ resource, ids: [2, 3], variables: { views: 9 }, meta: { fields: ['views'] } })).data;
answers.deleted = (await provider.deleteOne({ resource, id: 1, meta: { fields: ['id', 'title'] } })).data;
answers.deletedMany = (await provider.deleteMany({ resource, ids: [2, 3], meta: { fields: ['title'] } })).data;
answers.left = (await provider.getList({ resource, meta })).total;
console.log(JSON.stringify(answers));
