import { isJsonObject, readObject } from './arguments.ts'
import type { Commands } from './command.ts'
import type { Draft, Json } from './draft.ts'

const EMPTY = { actions: [], custom_types: {}, query_collections: [], allow_list: [] }

/** Commands about the metadata as a whole. */
export const WHOLE_COMMANDS: Commands = {
  export_metadata: ({ draft }) => structuredClone(draft),

  replace_metadata({ draft }, args) {
    const next = readObject(args['metadata'] ?? args)
    replace(draft, { ...structuredClone(EMPTY), ...structuredClone(next) })
  },

  clear_metadata({ draft }) {
    const sources = draft.sources.map((source) => ({ ...source, tables: [] }))
    replace(draft, { version: 3, ...structuredClone(EMPTY), sources })
  },

  get_inconsistent_metadata({ problems }) {
    return { is_consistent: problems.length === 0, inconsistent_objects: problems }
  },

  reload_metadata: () => ({ message: 'success', is_consistent: true }),
}

/** In place: the request's other commands hold the same draft. */
function replace(draft: Draft, next: Json): void {
  for (const key of Object.keys(draft)) delete draft[key]
  Object.assign(draft, next)
  if (!isJsonObject(next)) draft.sources = []
}
