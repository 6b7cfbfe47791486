import { type GraphQLFieldConfig, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import type { Metadata } from '../metadata/types.ts'
import { actionField } from './action-types.ts'
import { field } from './meaning.ts'
import { writeFields } from './mutation-fields.ts'
import { readFields } from './query-fields.ts'
import type { RoleTable, RoleTables } from './role-tables.ts'
import { TypeScope } from './type-scope.ts'

type Fields = Record<string, GraphQLFieldConfig<unknown, unknown>>

export interface RoleSchemaFacts {
  readonly role: string
  readonly tables: RoleTables
  readonly metadata: Metadata
  /** Whether permissions marked `backend_only` count. */
  readonly backendOnly: boolean
}

/** The GraphQL schema as one role sees it; what the role may not do does not exist in it. */
export function buildRoleSchema({ role, tables, metadata, backendOnly }: RoleSchemaFacts): GraphQLSchema {
  const visible = [...tables.values()].map((table) => (backendOnly ? table : withoutBackendOnly(table)))
  const scope = new TypeScope(new Map(visible.map((table) => [table.model.key, table])))
  const actions = actionFields({ role, metadata, scope })
  const queries = { ...merge(visible.map((table) => readFields(scope, table, 'query'))), ...actions.query }
  const mutations = { ...merge(visible.map((table) => writeFields(scope, table))), ...actions.mutation }
  const subscriptions = merge(visible.map((table) => readFields(scope, table, 'subscription')))
  return new GraphQLSchema({
    query: rootType('query_root', Object.keys(queries).length === 0 ? nothing() : queries),
    mutation: Object.keys(mutations).length === 0 ? null : rootType('mutation_root', mutations),
    subscription: Object.keys(subscriptions).length === 0 ? null : rootType('subscription_root', subscriptions),
    // An insert input without any column is legal in Hasura and not in graphql-js.
    assumeValid: true,
  })
}

function withoutBackendOnly({ insert, update, delete: remove, ...rest }: RoleTable): RoleTable {
  return {
    ...rest,
    ...(insert?.backendOnly === false ? { insert } : {}),
    ...(update?.backendOnly === false ? { update } : {}),
    ...(remove?.backendOnly === false ? { delete: remove } : {}),
  }
}

interface ActionFacts {
  readonly role: string
  readonly metadata: Metadata
  readonly scope: TypeScope
}

function actionFields({ role, metadata, scope }: ActionFacts): { readonly query: Fields; readonly mutation: Fields } {
  const fields: { query: Fields; mutation: Fields } = { query: {}, mutation: {} }
  for (const action of metadata.actions) {
    const permitted = role === 'admin' || action.permissions?.some((permission) => permission.role === role) === true
    if (permitted)
      fields[action.definition.type][action.name] = actionField(action, { scope, types: metadata.custom_types })
  }
  return fields
}

function nothing(): Fields {
  const description =
    "There are no queries available to the current role. Either there are no sources or remote schemas configured, or the current role doesn't have the required permissions."
  return { no_queries_available: field(new GraphQLNonNull(GraphQLString), { kind: 'nothing' }, { description }) }
}

function rootType(name: string, fields: Fields): GraphQLObjectType {
  return new GraphQLObjectType({ name, fields })
}

function merge(parts: readonly Fields[]): Fields {
  return Object.assign({}, ...parts)
}
