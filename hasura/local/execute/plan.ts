import { type GraphQLSchema, OperationTypeNode } from 'graphql'
import type { Action } from '../metadata/types.ts'
import type { Operation } from '../request/document.ts'
import { validationFailed } from '../request/failure.ts'
import { isIntrospection, isTypename, type SelectedField, select } from '../request/selection.ts'
import { readVariables } from '../request/variables.ts'
import { meaningOf } from '../schema/meaning.ts'
import type { RoleTables } from '../schema/role-tables.ts'
import type { GraphqlRequest, Session } from '../session.ts'
import { compileWrite, type WritePlan } from '../sql/compile-write.ts'
import { keyCondition } from '../sql/rows.ts'
import { readSql } from '../sql/select.ts'
import { Statement } from '../sql/statement.ts'
import type { SqlText } from '../sql/write.ts'
import { introspectSchema } from './introspect-schema.ts'

/** One field of the answer and how it comes about. */
export type Part = { readonly responseKey: string } & (
  | { readonly kind: 'known'; readonly json: string }
  /** The column of the plan's one reading statement. */
  | { readonly kind: 'read'; readonly column: string }
  | { readonly kind: 'write'; readonly plan: WritePlan }
  | { readonly kind: 'action'; readonly action: Action; readonly field: SelectedField }
)

export interface Plan {
  readonly parts: readonly Part[]
  /** All fields that read tables, in one statement and so of one snapshot. */
  readonly read: SqlText | undefined
}

export interface RoleView {
  readonly schema: GraphQLSchema
  readonly tables: RoleTables
}

interface Asking {
  readonly view: RoleView
  readonly operation: Operation
  readonly request: GraphqlRequest
  readonly session: Session
}

const NO_QUERIES =
  'There are no queries available to the current role. Either there are no sources or remote schemas configured, ' +
  "or the current role doesn't have the required permissions."

/** The root fields of the operation, checked. Throws `validation-failed` as Hasura words it. */
export function selectRoot({ view, operation, request }: Omit<Asking, 'session'>): readonly SelectedField[] {
  const { definition, fragments } = operation
  const type = rootType(view.schema, definition.operation)
  const variables = readVariables(definition, request.variables ?? {})
  const scope = { fragments, variables, queryRoot: view.schema.getQueryType() }
  return select([definition.selectionSet], { type, path: '$' }, scope)
}

function rootType(schema: GraphQLSchema, operation: OperationTypeNode) {
  const type = schema.getRootType(operation)
  if (type !== null && type !== undefined) return type
  throw validationFailed(operation === OperationTypeNode.MUTATION ? 'no mutations exist' : 'no subscriptions exist')
}

/** Compiles the root fields of a query or mutation. */
export function planFields(fields: readonly SelectedField[], asking: Asking): Plan {
  const statement = new Statement(asking.session)
  const columns: string[] = []
  const parts = fields.map((field): Part => {
    const { responseKey } = field
    if (isTypename(field)) return { responseKey, kind: 'known', json: JSON.stringify(field.parent.name) }
    if (isIntrospection(field)) {
      const { view, operation, request } = asking
      const json = introspectSchema(field, { schema: view.schema, operation, variables: request.variables ?? {} })
      return { responseKey, kind: 'known', json }
    }
    const made = planField(field, { ...asking, statement })
    if (made.kind !== 'sql') return { responseKey, ...made }
    const column = `r${columns.push(made.sql)}`
    return { responseKey, kind: 'read', column }
  })
  if (columns.length === 0) return { parts, read: undefined }
  const list = columns.map((sql, index) => `${sql}::text as "r${index + 1}"`)
  return { parts, read: { text: `select ${list.join(', ')}`, values: statement.values } }
}

type Made =
  | { readonly kind: 'known'; readonly json: string }
  | { readonly kind: 'sql'; readonly sql: string }
  | { readonly kind: 'write'; readonly plan: WritePlan }
  | { readonly kind: 'action'; readonly action: Action; readonly field: SelectedField }

function planField(
  field: SelectedField,
  { view, session, statement }: Asking & { readonly statement: Statement },
): Made {
  const meaning = meaningOf(field.definition)
  const { tables } = view
  if (meaning?.kind === 'nothing') return { kind: 'known', json: JSON.stringify(NO_QUERIES) }
  if (meaning?.kind === 'action') return { kind: 'action', action: meaning.action, field }
  if (meaning?.kind === 'write') {
    return { kind: 'write', plan: compileWrite(meaning.writing, { table: meaning.table, tables, field, session }) }
  }
  if (meaning?.kind !== 'read') throw new Error(`${field.name} is in the schema but cannot be answered`)
  const { reading, table } = meaning
  const key = reading === 'row' ? { join: keyCondition(statement, table, field.arguments) } : {}
  return { kind: 'sql', sql: readSql({ statement, tables }, reading, { table, field, ...key }) }
}
