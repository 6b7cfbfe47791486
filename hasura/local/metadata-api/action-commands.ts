import { isJsonObject, readObject, readText, without } from './arguments.ts'
import type { Commands } from './command.ts'
import { addEntry, type Draft, type Entry, type Json, listOf, notExists, removeEntry } from './draft.ts'

export const ACTION_COMMANDS: Commands = {
  create_action({ draft }, args) {
    const name = readText(args, 'name')
    const entry = { name, definition: readDefinition(args['definition']), ...without({ comment: args['comment'] }) }
    addEntry(draft.actions, entry, { key: 'name', message: `action with name "${name}" already exists` })
  },

  update_action({ draft }, args) {
    const action = getAction(draft, readText(args, 'name'))
    action['definition'] = readDefinition(args['definition'])
    delete action['comment']
    Object.assign(action, without({ comment: args['comment'] }))
  },

  drop_action({ draft }, args) {
    const { name } = getAction(draft, readText(args, 'name'))
    removeEntry(draft.actions, 'name', String(name))
  },

  create_action_permission({ draft }, args) {
    const role = readText(args, 'role')
    const permissions = listOf(getAction(draft, readText(args, 'action')), 'permissions')
    addEntry(
      permissions,
      { role, ...without({ comment: args['comment'] }) },
      {
        key: 'role',
        message: `permission for role "${role}" is already defined on the action`,
      },
    )
  },

  drop_action_permission({ draft }, args) {
    removeEntry(listOf(getAction(draft, readText(args, 'action')), 'permissions'), 'role', readText(args, 'role'))
  },

  set_custom_types({ draft }, args) {
    draft.custom_types = withoutEmpty(args)
  },
}

function getAction(draft: Draft, name: string): Entry {
  const action = draft.actions.find((entry) => entry['name'] === name)
  if (action === undefined) throw notExists(`action with name "${name}" does not exist`)
  return action
}

/** The type may be left out, and is then a mutation; nulls and empty lists ask for nothing. */
function readDefinition(value: unknown): Json {
  return { type: 'mutation', ...withoutEmpty(readObject(value, '$.args.definition')) }
}

function withoutEmpty(value: Json): Json {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null && !(Array.isArray(inner) && inner.length === 0))
      .map(([key, inner]) => [key, cleaned(inner)]),
  )
}

function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleaned)
  return isJsonObject(value)
    ? without(Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cleaned(inner)])))
    : value
}
