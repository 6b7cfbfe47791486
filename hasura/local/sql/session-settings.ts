import type { Session } from '../session.ts'
import { type Span, traceContextJson } from '../trace.ts'
import type { SqlText } from './write.ts'

/** Who writes, and for which request; inside the transaction, so that the triggers of events find it. */
export function sessionSettings({ variables }: Session, span: Span): SqlText {
  return {
    text: `select set_config('hasura.user', $1, true), set_config('hasura.tracecontext', $2, true)`,
    values: [JSON.stringify(variables), traceContextJson(span)],
  }
}
