import { HasuraError } from '../errors.ts'
import { readObject, readText, without } from './arguments.ts'
import type { Commands } from './command.ts'
import { addEntry, type Draft, type Entry, listOf, notExists, removeEntry } from './draft.ts'

export const COLLECTION_COMMANDS: Commands = {
  create_query_collection({ draft }, args) {
    const name = readText(args, 'name')
    const entry = { name, definition: readObject(args['definition']), ...without({ comment: args['comment'] }) }
    addEntry(draft.query_collections, entry, {
      key: 'name',
      message: `query collection with name "${name}" already exists`,
    })
  },

  drop_query_collection({ draft }, args) {
    const name = readText(args, 'collection')
    const isAllowed = draft.allow_list.some((entry) => entry['collection'] === name)
    if (isAllowed && args['cascade'] !== true) {
      const message = `query collection with name "${name}" is present in the allowlist; cannot proceed to drop`
      throw new HasuraError({ code: 'dependency-error', message, path: '$.args' })
    }
    if (isAllowed) removeEntry(draft.allow_list, 'collection', name)
    removeEntry(draft.query_collections, 'name', name)
  },

  add_query_to_collection({ draft }, args) {
    const name = readText(args, 'query_name')
    const queries = queriesOf(draft, readText(args, 'collection_name'))
    addEntry(
      queries,
      { name, query: readText(args, 'query') },
      {
        key: 'name',
        message: `query with name "${name}" already exists in collection`,
      },
    )
  },

  drop_query_from_collection({ draft }, args) {
    removeEntry(queriesOf(draft, readText(args, 'collection_name')), 'name', readText(args, 'query_name'))
  },

  add_collection_to_allowlist({ draft }, args) {
    const collection = readText(args, 'collection')
    queriesOf(draft, collection)
    addEntry(
      draft.allow_list,
      { collection, ...without({ scope: args['scope'] }) },
      {
        key: 'collection',
        message: `collection "${collection}" already exists in the allowlist`,
      },
    )
  },

  drop_collection_from_allowlist({ draft }, args) {
    removeEntry(draft.allow_list, 'collection', readText(args, 'collection'))
  },
}

function queriesOf(draft: Draft, collection: string): Entry[] {
  const found = draft.query_collections.find((entry) => entry['name'] === collection)
  if (found === undefined) throw notExists(`query collection with name "${collection}" does not exist`)
  return listOf(readObject(found['definition']), 'queries')
}
