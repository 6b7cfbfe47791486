import type { Metadata, Table } from '../../hasura/local/metadata/types.ts'
import { columnsOf } from './promises.ts'

/** The metadata with one rule less. */
export interface Loosened {
  /** For example `activities.select.user: filter {}`. */
  readonly name: string
  /** Whether the rule decides which rows are seen or changed. */
  readonly isFilter: boolean
  readonly metadata: Metadata
}

type Permission = Record<string, unknown>
type Entry = { role: string; permission: Permission }
type Change = (permission: Permission, table: Table) => boolean

const OPERATIONS = ['select', 'insert', 'update', 'delete'] as const

/** How a rule that exists can be loosened; answers false where it is as loose as can be. */
const CHANGES: Readonly<Record<string, Change>> = {
  'filter {}': (permission) => emptied(permission, 'filter'),
  'check {}': (permission) => emptied(permission, 'check'),
  'no check': (permission) => removed(permission, 'check'),
  'no limit': (permission) => removed(permission, 'limit'),
  'one column more': (permission, table) => {
    const columns = permission['columns'] as string[]
    const more = columnsOf(table).find((column) => !columns.includes(column))
    return more !== undefined && columns.push(more) > 0
  },
  'every column': (permission) => {
    permission['columns'] = '*'
    return true
  },
  aggregates: (permission) => {
    const isNew = 'limit' in permission && permission['allow_aggregations'] !== true
    if (isNew) permission['allow_aggregations'] = true
    return isNew
  },
}

/** Every way to loosen one single rule. */
export function loosenEach(metadata: Metadata, roles: readonly string[]): Loosened[] {
  const tables = metadata.sources[0].tables.keys().toArray()
  return [
    ...tables.flatMap((index) => loosenRules(metadata, index)),
    ...tables.flatMap((index) => addRules(metadata, { index, roles: [...roles, 'anonymous'] })),
    ...metadata.actions.keys().flatMap((index) => openAction(metadata, { index, roles: [...roles, 'anonymous'] })),
  ]
}

function loosenRules(metadata: Metadata, index: number): Loosened[] {
  return OPERATIONS.flatMap((operation) =>
    entries(metadata.sources[0].tables[index], operation).flatMap((_, position) =>
      Object.entries(CHANGES).flatMap(([what, change]) => {
        const { copy, table } = copied(metadata, index)
        const entry = entries(table, operation)[position]
        if (table === undefined || entry === undefined || !change(entry.permission, table)) return []
        const name = `${table.table.name}.${operation}.${entry.role}: ${what}`
        return [{ name, isFilter: what === 'filter {}', metadata: copy }]
      }),
    ),
  )
}

/** What a role may not do at all, allowed. */
function addRules(metadata: Metadata, { index, roles }: { index: number; roles: readonly string[] }): Loosened[] {
  return OPERATIONS.flatMap((operation) =>
    roles.flatMap((role) => {
      const { copy, table } = copied(metadata, index)
      if (table === undefined || entries(table, operation).some((entry) => entry.role === role)) return []
      const columns = columnsOf(table)
      const permission = {
        select: { columns, filter: {} },
        insert: { columns, check: {} },
        update: { columns, filter: {} },
      }
      const added = { role, permission: operation === 'delete' ? { filter: {} } : permission[operation] }
      Object.assign(table, { [`${operation}_permissions`]: [...entries(table, operation), added] })
      return [{ name: `${table.table.name}.${operation}.${role}: added`, isFilter: false, metadata: copy }]
    }),
  )
}

function openAction(metadata: Metadata, { index, roles }: { index: number; roles: readonly string[] }): Loosened[] {
  const action = metadata.actions[index]
  return roles
    .filter((role) => !action?.permissions?.some((permission) => permission.role === role))
    .map((role) => {
      const copy = structuredClone(metadata)
      const opened = copy.actions[index]
      Object.assign(opened ?? {}, { permissions: [...(opened?.permissions ?? []), { role }] })
      return { name: `${opened?.name}.${role}: added`, isFilter: false, metadata: copy }
    })
}

function copied(metadata: Metadata, index: number): { copy: Metadata; table: Table | undefined } {
  const copy = structuredClone(metadata)
  return { copy, table: copy.sources[0].tables[index] }
}

function entries(table: Table | undefined, operation: (typeof OPERATIONS)[number]): readonly Entry[] {
  return (table?.[`${operation}_permissions`] ?? []) as unknown as readonly Entry[]
}

function emptied(permission: Permission, key: string): boolean {
  const rule = permission[key]
  if (typeof rule !== 'object' || rule === null || Object.keys(rule).length === 0) return false
  permission[key] = {}
  return true
}

function removed(permission: Permission, key: string): boolean {
  return key in permission && delete permission[key]
}
