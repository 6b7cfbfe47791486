import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Metadata, Table } from '../../hasura/local/metadata/types.ts'

const COLUMNS = { columns: z.array(z.string()).exactOptional(), never_columns: z.array(z.string()).exactOptional() }
const WHERE = { as: z.string(), table: z.string() }
const Select = z.strictObject({
  ...WHERE,
  ...COLUMNS,
  may: z.literal('select'),
  whose: z.enum(['own', 'everyone']),
  platforms: z.literal('unrestricted').exactOptional(),
  limit: z.int().positive(),
  aggregates: z.boolean().default(false),
})
const Update = z.strictObject({ ...WHERE, ...COLUMNS, may: z.literal('update'), whose: z.literal('own') })
const Nothing = z.strictObject({ ...WHERE, may: z.literal('nothing') })
const Matrix = z.strictObject({
  roles: z.record(z.string(), z.string()),
  tables: z.array(
    z
      .discriminatedUnion('may', [Select, Update, Nothing])
      .refine(
        (promise) =>
          promise.may === 'nothing' || (promise.columns === undefined) !== (promise.never_columns === undefined),
        'give exactly one of columns and never_columns',
      ),
  ),
  actions: z.record(z.string(), z.array(z.string())),
})

export type Matrix = z.infer<typeof Matrix>
export type Grant = Exclude<Matrix['tables'][number], { may: 'nothing' }>

const OWN_ROWS = { user_id: { _eq: 'X-Hasura-User-Id' } }
const UNRESTRICTED = { _not: { platform_restrictions: { role: { _eq: 'X-Hasura-Role' } } } }
const RESTRICTIONS = {
  remote_table: { schema: 'public', name: 'role_platform_restrictions' },
  column_mapping: { platform: 'platform' },
}
const OPERATIONS = ['select', 'insert', 'update', 'delete'] as const

/** permissions.yaml, its shape checked. */
export function readMatrix(): Matrix {
  return Matrix.parse(parse(readFileSync(join(import.meta.dirname, 'permissions.yaml'), 'utf8')))
}

/** Every column of a table; that the metadata names all of them is a test of its own. */
export function columnsOf(table: Table): readonly string[] {
  return Object.keys(table.configuration?.column_config ?? {})
}

/** The columns that a promise gives, of those the table has. */
export function grantedColumns(grant: Grant, table: Table): readonly string[] {
  return grant.columns ?? columnsOf(table).filter((column) => !grant.never_columns?.includes(column))
}

/** Reads the metadata against the matrix: one line for each difference, in either direction. */
export function judge(metadata: Metadata, matrix: Matrix): string[] {
  const { tables } = metadata.sources[0]
  const tracked = tables.map(({ table }) => table.name)
  const unknown = matrix.tables
    .filter(({ table }) => !tracked.includes(table))
    .map(({ table }) => `${table} is not tracked`)
  return [...unknown, ...tables.flatMap((table) => judgeTable(table, matrix)), ...judgeActions(metadata, matrix)]
}

function judgeTable(table: Table, matrix: Matrix): string[] {
  const { name, schema } = table.table
  if (schema !== 'public') return [`${schema}.${name} is tracked`]
  const about = matrix.tables.filter((promise) => promise.table === name)
  const undecided = Object.keys(matrix.roles).filter((role) => !about.some(({ as }) => as === role))
  return [
    ...undecided.map((role) => `${name}: nothing is decided for ${role}`),
    ...judgeRestrictions(table, about),
    ...OPERATIONS.flatMap((operation) => {
      const given = (table[`${operation}_permissions`] ?? []).map(({ role, permission }) => ({ role, ...permission }))
      const promised = about
        .filter((promise): promise is Grant => promise.may === operation)
        .map((grant) => expected(grant, table))
      return sameSet(given.map(normalized), promised.map(normalized))
        ? []
        : [`${name}: ${operation} is not as promised`]
    }),
  ]
}

/** Rows of people at a platform are not shown to a role without a look at its restrictions, and that look is at the right table. */
function judgeRestrictions(table: Table, about: readonly Matrix['tables'][number][]): string[] {
  const { name } = table.table
  const wide = about.filter((promise) => promise.may === 'select' && promise.whose === 'everyone')
  const isPersonal = ['user_id', 'platform'].every((column) => columnsOf(table).includes(column))
  if (wide.length === 0 || !isPersonal) return []
  const link = table.array_relationships?.find((found) => found.name === 'platform_restrictions')
  const { remote_table, column_mapping } = { ...link?.using.manual_configuration }
  const leads = isDeepStrictEqual({ remote_table, column_mapping }, RESTRICTIONS)
  return [
    ...wide
      .filter((promise) => !('platforms' in promise))
      .map(({ as }) => `${name}: ${as} may see every platform, restricted or not`),
    ...(leads ? [] : [`${name}: platform_restrictions does not lead to the restrictions of its platform`]),
  ]
}

function expected(grant: Grant, table: Table): object {
  const columns = grantedColumns(grant, table)
  if (grant.may === 'update') return { role: grant.as, columns, filter: OWN_ROWS, check: OWN_ROWS }
  const filter = grant.whose === 'own' ? OWN_ROWS : grant.platforms === 'unrestricted' ? UNRESTRICTED : {}
  return { role: grant.as, columns, filter, limit: grant.limit, allow_aggregations: grant.aggregates }
}

/** Order of columns means nothing, and an absent `allow_aggregations` is false. */
function normalized(permission: object): object {
  const { columns, limit, allow_aggregations: aggregates, ...rest } = permission as Record<string, unknown>
  const list = Array.isArray(columns) ? columns.map(String).toSorted() : columns
  return { ...rest, columns: list, limit, allow_aggregations: aggregates ?? false }
}

function judgeActions({ actions }: Metadata, matrix: Matrix): string[] {
  const given = actions.map(({ name, permissions = [] }) => [name, permissions.map(({ role }) => role).toSorted()])
  const promised = Object.entries(matrix.actions).map(([name, roles]) => [name, roles.toSorted()])
  return sameSet(given, promised) ? [] : ['actions: their roles are not as promised']
}

function sameSet(some: readonly unknown[], others: readonly unknown[]): boolean {
  const isIn = (list: readonly unknown[]) => (item: unknown) => list.some((other) => isDeepStrictEqual(item, other))
  return some.length === others.length && some.every(isIn(others)) && others.every(isIn(some))
}
