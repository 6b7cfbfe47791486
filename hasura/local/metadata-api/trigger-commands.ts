import { HasuraError } from '../errors.ts'
import { readObject, readTable, readText, without } from './arguments.ts'
import type { Commands } from './command.ts'
import { getTable, type Json, listOf, notExists, removeEntry, tablesOf } from './draft.ts'

const RETRY_SETTINGS = ['num_retries', 'interval_sec', 'timeout_sec']

export const TRIGGER_COMMANDS: Commands = {
  create_event_trigger({ draft }, args) {
    const name = readText(args, 'name')
    const table = getTable(draft, readTable(args['table']))
    const triggers = listOf(table, 'event_triggers')
    const owner = tablesOf(draft).find((other) => hasTrigger(other, name))
    const message = `event trigger with name "${name}" already exists`
    if (owner !== undefined && (owner !== table || args['replace'] !== true))
      throw new HasuraError({ code: 'already-exists', message, path: '$.args' })
    if (owner !== undefined) removeEntry(triggers, 'name', name)
    const entry = {
      name,
      definition: {
        enable_manual: args['enable_manual'] === true,
        ...without({ insert: args['insert'], update: args['update'], delete: args['delete'] }),
      },
      retry_conf: {
        ...pick(args, RETRY_SETTINGS),
        ...(args['retry_conf'] === undefined ? {} : readObject(args['retry_conf'])),
      },
      ...without({ webhook: args['webhook'], webhook_from_env: args['webhook_from_env'], headers: args['headers'] }),
      ...pick(args, ['request_transform', 'response_transform', 'cleanup_config']),
    }
    triggers.push(entry)
  },

  async delete_event_trigger({ draft, client }, args) {
    const name = readText(args, 'name')
    const owner = tablesOf(draft).find((table) => hasTrigger(table, name))
    if (owner === undefined) throw notExists(`event trigger with name "${name}" does not exist`)
    removeEntry(listOf(owner, 'event_triggers'), 'name', name)
    // A later trigger of that name is another one, and these are not its events.
    await client.query('update hdb_catalog.event_log set archived = true where trigger_name = $1 and not archived', [
      name,
    ])
  },
}

function hasTrigger(table: Json, name: string): boolean {
  return listOf(table, 'event_triggers').some((entry) => entry['name'] === name)
}

function pick(args: Json, keys: readonly string[]): Json {
  return without(Object.fromEntries(keys.map((key) => [key, args[key]])))
}
