import { HasuraError } from '../errors.ts'
import { parseFailed, readObject, readTable, readText, without } from './arguments.ts'
import type { Commands } from './command.ts'
import { addEntry, type Draft, getTable, type Json, listOf, removeEntry, spell } from './draft.ts'

export const PERMISSION_COMMANDS: Commands = {
  ...permissionCommands('select'),
  ...permissionCommands('insert'),
  ...permissionCommands('update'),
  ...permissionCommands('delete'),

  set_permission_comment({ draft }, args) {
    const operation = readText(args, 'type')
    if (!isOperation(operation)) throw parseFailed(`unexpected type of permission: "${operation}"`, '$.args.type')
    const { entry } = findPermission(draft, args, operation)
    const { comment } = args
    if (typeof comment === 'string') entry['comment'] = comment
    else delete entry['comment']
  },
}

const OPERATIONS = ['select', 'insert', 'update', 'delete'] as const
type Operation = (typeof OPERATIONS)[number]

function isOperation(value: string): value is Operation {
  return OPERATIONS.some((operation) => operation === value)
}

/** Throws `permission-denied`, as Hasura does, when there is none. */
function findPermission(draft: Draft, args: Json, operation: Operation) {
  const table = getTable(draft, readTable(args['table']))
  const role = readText(args, 'role')
  const list = listOf(table, `${operation}_permissions`)
  const entry = list.find((permission) => permission['role'] === role)
  if (entry !== undefined) return { list, entry, role }
  const message = `${operation} permission on "${spell(table.table)}" for role "${role}" does not exist`
  throw new HasuraError({ code: 'permission-denied', message, path: '$.args' })
}

function permissionCommands(operation: Operation): Commands {
  const key = `${operation}_permissions`
  return {
    [`create_${operation}_permission`]: ({ draft }, args) => {
      const table = getTable(draft, readTable(args['table']))
      const role = readText(args, 'role')
      const entry = {
        role,
        permission: readPermission(args['permission'], operation),
        ...without({ comment: args['comment'] }),
      }
      const message = `${operation} permission already defined on table "${spell(table.table)}" with role "${role}"`
      if (role === 'admin') throw new HasuraError({ code: 'already-exists', message, path: '$.args' })
      addEntry(listOf(table, key), entry, { key: 'role', message })
    },
    [`drop_${operation}_permission`]: ({ draft }, args) => {
      const { list, role } = findPermission(draft, args, operation)
      removeEntry(list, 'role', role)
    },
  }
}

/** Commands may leave out what the metadata's own shape always has. */
function readPermission(value: unknown, operation: string): Json {
  const permission = without(readObject(value, '$.args.permission'))
  if (Array.isArray(permission['computed_fields']) && permission['computed_fields'].length === 0)
    delete permission['computed_fields']
  const rule = operation === 'insert' ? 'check' : 'filter'
  // Without its rule a permission would be one for every row.
  if (typeof permission[rule] !== 'object') {
    const message = `parsing the permission failed, key "${rule}" not found`
    throw new HasuraError({ code: 'parse-failed', message, path: '$.args.permission' })
  }
  if (operation === 'select' || operation === 'update') return { columns: [], ...permission }
  return permission
}
