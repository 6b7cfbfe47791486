import { HasuraError } from '../errors.ts'
import type { Inconsistency } from '../execute/engine-types.ts'
import type { Draft, Entry, TableDraft } from './draft.ts'
import { spell, tablesOf } from './draft.ts'

const PERMISSIONS = ['select', 'insert', 'update', 'delete'] as const

/** Tables that are gone are no longer tracked. Answers whether there were any. */
export function untrackMissing(draft: Draft, problems: readonly Inconsistency[]): boolean {
  const missing = new Set(problems.map(({ name }) => name))
  const tables = tablesOf(draft)
  const left = tables.filter((table) => !missing.has(labelOf(table)))
  const isChanged = left.length < tables.length
  tables.splice(0, tables.length, ...left)
  return isChanged
}

/** Removes the relationships, permissions and event triggers that the problems name. Answers whether there were any. */
export function dropDependents(draft: Draft, problems: readonly Inconsistency[]): boolean {
  const names = new Set(problems.map(({ name }) => name))
  let isChanged = false
  const keep = (table: TableDraft, key: string, nameOf: (entry: Entry) => string) => {
    const list = table[key]
    if (!Array.isArray(list)) return
    const left = list.filter((entry: Entry) => !names.has(nameOf(entry)))
    if (left.length < list.length) isChanged = true
    table[key] = left
  }
  for (const table of tablesOf(draft)) {
    const label = labelOf(table)
    for (const kind of ['object', 'array'])
      keep(table, `${kind}_relationships`, (entry) => `relationship ${String(entry['name'])} in ${label}`)
    for (const kind of PERMISSIONS)
      keep(table, `${kind}_permissions`, (entry) => permissionLabel(kind, String(entry['role']), table))
    keep(table, 'event_triggers', (entry) => `event_trigger ${String(entry['name'])}`)
  }
  return isChanged
}

/** Removes the actions, and the custom types when they do not fit each other. Answers whether there were any. */
export function dropActions(draft: Draft, problems: readonly Inconsistency[]): boolean {
  const names = new Set(problems.map(({ name }) => name))
  const left = draft.actions.filter(({ name }) => !names.has(`action ${String(name)}`))
  const areTypesBad = names.has('custom_types custom_types')
  const isChanged = areTypesBad || left.length < draft.actions.length
  draft.actions = left
  if (areTypesBad) draft.custom_types = {}
  return isChanged
}

/** Throws `dependency-error` as Hasura does when something still uses what a command removed. */
export function refuseDependents(problems: readonly Inconsistency[]): never {
  const message = `cannot drop due to the following dependent objects: ${problems.map(({ name }) => name).join(', ')}`
  throw new HasuraError({ code: 'dependency-error', message, path: '$.args' })
}

function labelOf({ table }: TableDraft): string {
  return `table ${table.schema}.${table.name}`
}

function permissionLabel(kind: string, role: string, { table }: TableDraft): string {
  return `${kind} permission of role ${role} on table ${spell(table)}`
}
