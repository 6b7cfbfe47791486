import { HasuraError } from '../errors.ts'
import { parseMetadata } from '../metadata/parse.ts'
import type { Metadata } from '../metadata/types.ts'
import type { Draft } from './draft.ts'

/** Throws HasuraError, `not-supported` for what this engine does not implement. */
export function readDraft(draft: Draft): Metadata {
  try {
    return parseMetadata(draft)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const code = message.includes('not implemented') ? 'not-supported' : 'parse-failed'
    throw new HasuraError({ code, message, path: '$.args' }, { cause: error })
  }
}
