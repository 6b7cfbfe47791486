import { describe, expect, test } from 'vitest'
import { type CatalogTable, type Column, tableKey } from '../catalog/catalog.ts'
import { HasuraError } from '../errors.ts'
import { parseMetadata } from '../metadata/parse.ts'
import { DocumentParser, pickOperation } from '../request/document.ts'
import { buildModel } from '../schema/build-model.ts'
import type { GraphqlRequest, Session } from '../session.ts'
import { planFields, selectRoot } from './plan.ts'
import { Roles } from './roles.ts'

function column(name: string, typeName: string, facts: Partial<Column> = {}): Column {
  const rest = { isArray: false, isNullable: true, hasDefault: false, isGenerated: false, comment: null }
  return { name, typeName, sqlType: typeName, ...rest, ...facts }
}

const ARTICLE: CatalogTable = {
  schema: 'public',
  name: 'article',
  comment: null,
  columns: [
    column('id', 'int4', { isNullable: false, hasDefault: true }),
    column('title', 'text'),
    column('rating', 'numeric'),
    column('tags', 'text', { isArray: true, sqlType: 'text[]' }),
    column('details', 'jsonb'),
  ],
  uniqueConstraints: [{ name: 'article_pkey', columns: ['id'], isPrimary: true }],
  foreignKeys: [],
  isInsertable: true,
  isUpdatable: true,
}
const WRITER = { role: 'writer', permission: { check: {}, columns: ['title'] } }

const metadata = parseMetadata({
  version: 3,
  sources: [
    {
      name: 'default',
      kind: 'postgres',
      configuration: { connection_info: { database_url: 'unused' } },
      tables: [{ table: 'article', insert_permissions: [WRITER] }],
    },
  ],
})
const catalog = new Map([[tableKey(ARTICLE), ARTICLE]])
const { model } = buildModel({ metadata, catalog, stringifyNumericTypes: false })
const roles = new Roles(metadata, model)
const documents = new DocumentParser()

function refusal(request: GraphqlRequest, role = 'admin') {
  const session: Session = { role, variables: { 'x-hasura-role': role }, backendOnly: false }
  try {
    const operation = pickOperation(documents.parse(request.query), request)
    const asking = { view: roles.view(session), operation, request, session }
    planFields(selectRoot(asking), asking)
    return undefined
  } catch (error) {
    if (!(error instanceof HasuraError)) throw error
    const { code, message, path } = error
    return code === 'validation-failed' ? [message, path] : [message, path, code]
  }
}

describe('a request that does not fit the schema', () => {
  test.for([
    ['{', 'not a valid graphql query', '$.query'],
    ['{ foo }', "field 'foo' not found in type: 'query_root'", '$.selectionSet.foo'],
    ['{ a: article { foo } }', "field 'foo' not found in type: 'article'", '$.selectionSet.article.selectionSet.foo'],
    ['{ article(foo: 1) { id } }', "'article' has no argument named 'foo'", '$.selectionSet.article'],
    ['{ article }', "missing selection set for 'article'", '$.selectionSet.article'],
    [
      '{ article { id { a } } }',
      'unexpected subselection set for non-object field',
      '$.selectionSet.article.selectionSet.id',
    ],
    [
      '{ article(where: {foo: {}}) { id } }',
      "field 'foo' not found in type: 'article_bool_exp'",
      '$.selectionSet.article.args.where.foo',
    ],
    [
      '{ article(where: {title: {_ne: "a"}}) { id } }',
      "field '_ne' not found in type: 'String_comparison_exp'",
      '$.selectionSet.article.args.where.title._ne',
    ],
    [
      '{ article(where: {id: {_eq: null}}) { id } }',
      "unexpected null value for type 'Int'",
      '$.selectionSet.article.args.where.id._eq',
    ],
    [
      '{ article(where: {id: {_in: null}}) { id } }',
      'expected a list, but found null',
      '$.selectionSet.article.args.where.id._in',
    ],
    [
      '{ article(where: {id: {_is_null: null}}) { id } }',
      "expected a boolean for type 'Boolean', but found null",
      '$.selectionSet.article.args.where.id._is_null',
    ],
    [
      '{ article(where: {_and: [{}, {a: 1}]}) { id } }',
      "field 'a' not found in type: 'article_bool_exp'",
      '$.selectionSet.article.args.where._and[1].a',
    ],
    [
      '{ article(order_by: {id: up}) { id } }',
      "expected one of the values ['asc', 'asc_nulls_first', 'asc_nulls_last', 'desc', 'desc_nulls_first', 'desc_nulls_last'] for type 'order_by', but found 'up'",
      '$.selectionSet.article.args.order_by.id',
    ],
    [
      '{ article(order_by: {id: "asc"}) { id } }',
      "expected an enum value for type 'order_by', but found a string",
      '$.selectionSet.article.args.order_by.id',
    ],
    [
      '{ article(limit: "1") { id } }',
      "expected a non-negative 32-bit integer for type 'Int', but found a string",
      '$.selectionSet.article.args.limit',
    ],
    [
      '{ article(limit: -1) { id } }',
      "expected a non-negative 32-bit integer for type 'Int', but found an integer",
      '$.selectionSet.article.args.limit',
    ],
    [
      '{ article(distinct_on: title, order_by: {id: asc}) { id } }',
      '"distinct_on" columns must match initial "order_by" columns',
      '$.selectionSet.article.args',
    ],
    ['{ article { id @foo } }', "directive 'foo' is not defined in the schema", '$.selectionSet.article.selectionSet'],
    [
      '{ article { a: id a: title } }',
      "selection of both 'id' and 'title' specify the same response name, 'a'",
      '$.selectionSet.article.selectionSet',
    ],
    [
      '{ article(limit: 1) { id } article(limit: 2) { id } }',
      "inconsistent arguments between multiple selections of field 'article'",
      '$.selectionSet',
    ],
    ['{ article(where: {id: {_eq: $x}}) { id } }', 'unbound variable "x"', '$.selectionSet.article.args.where.id._eq'],
    [
      '{ ...a } fragment a on query_root { ...b } fragment b on query_root { ...a }',
      'the fragment definition(s) a and b form a cycle',
      '$.selectionSet.a.selectionSet.b.selectionSet',
    ],
    [
      'mutation { insert_article { affected_rows } }',
      "missing required field 'objects'",
      '$.selectionSet.insert_article.args.objects',
    ],
    [
      'mutation { delete_article(where: null) { affected_rows } }',
      "expected an object for type 'article_bool_exp', but found null",
      '$.selectionSet.delete_article.args.where',
    ],
    [
      'mutation { update_article(where: {}, _set: {id: 1}, _inc: {id: 1}) { affected_rows } }',
      "Column found in multiple operators: ['id'].",
      '$.selectionSet.update_article.args',
    ],
    [
      'subscription { article { foo } }',
      "field 'foo' not found in type: 'article'",
      '$.selectionSet.article.selectionSet.foo',
    ],
  ] as const)('is refused: %s', ([query, message, path]) => {
    expect(refusal({ query })).toEqual([message, path])
  })

  test.for([
    [
      2_147_483_648,
      'The value 2.147483648e9 lies outside the bounds or is not an integer. Maybe it is a float, or is there integer overflow?',
      'id',
    ],
    [5, 'parsing Text failed, expected String, but encountered Number', 'title'],
  ] as const)('has a value that its column does not take: %j', ([value, message, name]) => {
    const query = `mutation { insert_article(objects: {${name}: ${value}}) { affected_rows } }`
    expect(refusal({ query })).toEqual([message, `$.selectionSet.insert_article.args.objects.${name}`, 'parse-failed'])
  })

  test.for([
    [
      'query ($i: Int) { article(where: {rating: {_eq: $i}}) { id } }',
      { i: 1 },
      "variable 'i' is declared as 'Int', but used where 'numeric' is expected",
      '$.selectionSet.article.args.where.rating._eq',
    ],
    [
      'query ($i: Int) { article_by_pk(id: $i) { id } }',
      { i: 1 },
      "variable 'i' is declared as 'Int', but used where 'Int!' is expected",
      '$.selectionSet.article_by_pk.args.id',
    ],
    ['query ($i: Int!) { article_by_pk(id: $i) { id } }', {}, 'expecting a value for non-nullable variable: "i"', '$'],
    [
      'query ($i: Int!) { article_by_pk(id: $i) { id } }',
      { i: null },
      'null value found for non-nullable type: "Int!"',
      '$',
    ],
    [
      'query ($i: Int) { article(where: {id: {_eq: $i}}) { id } }',
      {},
      "unexpected null value for type 'Int'",
      '$.selectionSet.article.args.where.id._eq',
    ],
    ['{ article { id } }', { foo: 1 }, 'unexpected variables in variableValues: foo', '$'],
  ] as const)('has a variable that does not fit: %s with %j', ([query, variables, message, path]) => {
    expect(refusal({ query, variables })).toEqual([message, path])
  })

  test.for([
    ['query a { article { id } }', 'b', 'no such operation found in the document: "b"'],
    [
      'query a { article { id } } query b { article { id } }',
      undefined,
      'exactly one operation has to be present in the document when operationName is not specified',
    ],
    [
      'query a { article { id } } { article { id } }',
      'a',
      'operationName cannot be used when an anonymous operation exists in the document',
    ],
  ] as const)('does not say which operation: %s', ([query, operationName, message]) => {
    expect(refusal({ query, operationName: operationName ?? null })).toEqual([message, '$'])
  })

  test.for([
    [
      'a role that nobody knows',
      'nobody',
      '{ article { id } }',
      "field 'article' not found in type: 'query_root'",
      '$.selectionSet.article',
    ],
    [
      'a role without any mutation',
      'nobody',
      'mutation { insert_article { affected_rows } }',
      'no mutations exist',
      '$',
    ],
    ['a role without any subscription', 'writer', 'subscription { article { id } }', 'no subscriptions exist', '$'],
    [
      'a role that may only insert, which wants rows back',
      'writer',
      'mutation { insert_article(objects: {}) { returning { id } } }',
      "field 'returning' not found in type: 'article_mutation_response'",
      '$.selectionSet.insert_article.selectionSet.returning',
    ],
    [
      'a column beyond the permission',
      'writer',
      'mutation { insert_article(objects: {id: 1}) { affected_rows } }',
      "field 'id' not found in type: 'article_insert_input'",
      '$.selectionSet.insert_article.args.objects.id',
    ],
  ] as const)('asks for what is not there for %s', ([_who, role, query, message, path]) => {
    expect(refusal({ query }, role)).toEqual([message, path])
  })
})

describe('a request that Hasura lets pass', () => {
  test.for([
    ['an unused variable', 'query ($x: Whatever) { article { id } }', undefined],
    ['an unused fragment', '{ article { id } } fragment a on nothing { foo }', undefined],
    ['a fragment on another type', '{ article { id ...a } } fragment a on article_aggregate { foo }', undefined],
    [
      'null for every argument',
      '{ article(where: null, order_by: null, limit: null, offset: null, distinct_on: null) { id } }',
      undefined,
    ],
    ['a string for an integer column', '{ article(where: {id: {_eq: "5"}}) { id } }', undefined],
    ['an array in the notation of Postgres', '{ article(where: {tags: {_eq: "{a}"}}) { id } }', undefined],
    ['a nullable variable with a default', 'query ($i: Int = 1) { article_by_pk(id: $i) { id } }', undefined],
    ['an enum value in a variable', 'query ($o: order_by) { article(order_by: {id: $o}) { id } }', { o: 'asc' }],
  ] as const)('has %s', ([_what, query, variables]) => {
    expect(refusal({ query, variables: variables ?? null })).toBeUndefined()
  })
})
