// GraphQL over HTTP: runs every audit of graphql-http against a URL and prints what isn't ok.
import { auditServer } from 'graphql-http';

const results = await auditServer({ url: process.argv[2] });
const failed = results.filter((result) => result.status !== 'ok');
console.log(JSON.stringify({ ran: results.length, failed: failed.map((r) => `${r.status} ${r.id} ${r.name}: ${r.reason}`) }));
