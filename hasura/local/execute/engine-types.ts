import type pg from 'pg'
import type { Action, Metadata } from '../metadata/types.ts'
import type { GraphqlRequest, Session } from '../session.ts'
import type { Span } from '../trace.ts'

/**
 * Calls an action's webhook. Only "is it JSON" and the failures of the handler are judged there (thrown as
 * HasuraError); whether the JSON fits the output type is judged here.
 */
export type CallAction = (call: {
  readonly action: Action
  readonly input: Record<string, unknown>
  readonly session: Session
  readonly requestQuery: string
  readonly requestHeaders: Record<string, string>
  readonly span: Span
}) => Promise<ActionReply>

export interface ActionReply {
  readonly json: unknown
  readonly cookies: readonly string[]
  /** What was sent and what came back, for `internal` of an error. */
  readonly exchange?: { readonly request: unknown; readonly response: unknown }
}

export interface EngineOptions {
  readonly metadata: Metadata
  /** Connections as Hasura's own database role. */
  readonly pool: pg.Pool
  readonly callAction: CallAction
  /** `HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES`: bigint, numeric, float8 and money are strings in answers. */
  readonly stringifyNumericTypes?: boolean
  /** `HASURA_GRAPHQL_ENABLE_ALLOWLIST` */
  readonly allowlistEnabled?: boolean
}

export interface ExecutionResult {
  /** JSON text of the `data` object, keys in the order of the query. */
  readonly data: string
  /** `Set-Cookie` values that action handlers answered with. */
  readonly cookies: readonly string[]
}

export type Prepared =
  | {
      readonly kind: 'query' | 'mutation'
      /** Throws HasuraError. */
      run(requestHeaders: Record<string, string>): Promise<ExecutionResult>
    }
  | {
      readonly kind: 'subscription'
      /** JSON text of the `data` object as it is now. Throws HasuraError. */
      poll(): Promise<string>
      /** Same cohort, same statement and values: one poll may serve all of them. */
      readonly cohort: string
    }

export interface Inconsistency {
  readonly reason: string
  readonly name: string
}

export interface GraphqlEngine {
  /** Parses, picks the operation, checks it in Hasura's order against the role's schema, compiles. Throws HasuraError. */
  prepare(request: GraphqlRequest, session: Session): Prepared
  /** What the database does not have or does not allow; those objects are left out of every schema. */
  readonly inconsistencies: readonly Inconsistency[]
}
