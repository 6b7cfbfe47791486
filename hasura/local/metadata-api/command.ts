import type pg from 'pg'
import type { Environment } from '../environment.ts'
import type { Inconsistency } from '../execute/engine-types.ts'
import type { Session } from '../session.ts'
import type { Draft, Json } from './draft.ts'

/** What a command works on. All commands of one request share one transaction. */
export interface CommandContext {
  readonly draft: Draft
  readonly client: pg.ClientBase
  /** The variables that the metadata may name. */
  readonly env: Environment
  /** Who sent the request. */
  readonly session: Session
  readonly problems: readonly Inconsistency[]
  /** Asks GraphQL as who sent the request, over what was served before it, and gives `data`. Throws HasuraError. */
  query(request: { readonly query: string; readonly variables: Json }): Promise<unknown>
}

/** Changes the draft or the database. Answers the body; undefined for `{"message": "success"}`. Throws HasuraError. */
export type Command = (context: CommandContext, args: Json) => unknown

export type Commands = Readonly<Record<string, Command>>
