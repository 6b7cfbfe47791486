import { HasuraError } from '../errors.ts'
import { readObject, readTable, readText, without } from './arguments.ts'
import type { Commands } from './command.ts'
import { findTable, getTable, type Json, listOf, notExists, removeEntry, spell, tablesOf } from './draft.ts'

export const TABLE_COMMANDS: Commands = {
  track_table({ draft }, args) {
    const table = readTable(args['table'] ?? args)
    if (findTable(draft, table) !== undefined)
      throw new HasuraError({
        code: 'already-tracked',
        message: `view/table already tracked: "${spell(table)}"`,
        path: '$.args',
      })
    const isEnum = args['is_enum'] === true ? { is_enum: true } : {}
    tablesOf(draft).push({ table, ...isEnum, ...without({ configuration: args['configuration'] }) })
  },

  untrack_table({ draft }, args) {
    const table = readTable(args['table'] ?? args)
    const index = tablesOf(draft).indexOf(getUntracked(draft, table))
    tablesOf(draft).splice(index, 1)
  },

  set_table_customization({ draft }, args) {
    getTable(draft, readTable(args['table']))['configuration'] = args['configuration'] ?? {}
  },

  set_table_custom_fields({ draft }, args) {
    getTable(draft, readTable(args['table']))['configuration'] = without(args, 'table', 'source')
  },

  set_table_is_enum({ draft }, args) {
    getTable(draft, readTable(args['table']))['is_enum'] = args['is_enum'] === true
  },

  ...relationshipCommands('object'),
  ...relationshipCommands('array'),

  drop_relationship({ draft }, args) {
    const { list, name } = findRelationship(getTable(draft, readTable(args['table'])), readText(args, 'relationship'))
    removeEntry(list, 'name', name)
  },

  rename_relationship({ draft }, args) {
    const table = getTable(draft, readTable(args['table']))
    const { list, name } = findRelationship(table, readText(args, 'name'))
    const entry = list.find((other) => other['name'] === name)
    if (entry !== undefined) entry['name'] = readText(args, 'new_name')
  },
}

function getUntracked(draft: Parameters<typeof getTable>[0], table: ReturnType<typeof readTable>) {
  const found = findTable(draft, table)
  if (found !== undefined) return found
  const message = `view/table already untracked: "${spell(table)}"`
  throw new HasuraError({ code: 'already-untracked', message, path: '$.args' })
}

function relationshipCommands(kind: 'object' | 'array'): Commands {
  return {
    [`create_${kind}_relationship`]: ({ draft }, args) => {
      const table = getTable(draft, readTable(args['table']))
      const name = readText(args, 'name')
      const message = `field with name "${name}" already exists in table "${spell(table.table)}"`
      if (relationshipLists(table).some((list) => list.some((entry) => entry['name'] === name)))
        throw new HasuraError({ code: 'already-exists', message, path: '$.args' })
      const comment = without({ comment: args['comment'] })
      listOf(table, `${kind}_relationships`).push({ name, using: readUsing(args['using']), ...comment })
    },
  }
}

function relationshipLists(table: Json) {
  return [listOf(table, 'object_relationships'), listOf(table, 'array_relationships')]
}

function findRelationship(table: Parameters<typeof listOf>[0], name: string) {
  const list = relationshipLists(table).find((entries) => entries.some((entry) => entry['name'] === name))
  if (list === undefined) throw notExists(`relationship "${name}" does not exist`)
  return { list, name }
}

/** `columns` may be one name. */
function readUsing(value: unknown): Json {
  const using = readObject(value, '$.args.using')
  const foreignKey = using['foreign_key_constraint_on']
  if (typeof foreignKey !== 'object' || foreignKey === null || Array.isArray(foreignKey)) return using
  const { columns, ...rest } = readObject(foreignKey)
  return { foreign_key_constraint_on: { ...rest, ...(columns === undefined ? {} : { columns: [columns].flat() }) } }
}
