// graphql-js, the reference implementation, reads the SDL and the introspection and validates both.
import { buildClientSchema, buildSchema, printSchema, validateSchema } from 'graphql';

const base = process.argv[2];
const sdl = await (await fetch(`${base}/schema.graphql`)).text();
const { data } = await (await fetch(`${base}/schema.json`)).json();
const fromSdl = buildSchema(sdl);
const fromIntrospection = buildClientSchema(data);
const errors = [...validateSchema(fromSdl), ...validateSchema(fromIntrospection)].map((error) => error.message);
console.log(JSON.stringify({ errors, same: printSchema(fromSdl) === printSchema(fromIntrospection) }));
