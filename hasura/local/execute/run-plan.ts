import type { ExecutionResult } from './engine-types.ts'
import type { Part, Plan } from './plan.ts'
import { type ActionContext, runAction } from './run-action.ts'
import { runRead, runWrites } from './run-sql.ts'

/** Runs a query's plan: one statement for all tables, then the actions. */
export async function runQuery(plan: Plan, context: ActionContext): Promise<ExecutionResult> {
  const [row] = plan.read === undefined ? [] : await runRead(context.database, plan.read)
  const answer = new Answer()
  for (const part of plan.parts) {
    if (part.kind === 'read') answer.add(part, row?.[part.column] ?? 'null')
    else await addCommonPart(answer, part, context)
  }
  return answer.result()
}

/**
 * Runs a mutation's fields in order. Neighbouring changes of tables share a transaction; an action in between ends it,
 * as in Hasura.
 */
export async function runMutation({ parts }: Plan, context: ActionContext): Promise<ExecutionResult> {
  const answer = new Answer()
  for (const group of neighbours(parts)) {
    const plans = group.flatMap((part) => (part.kind === 'write' ? [part.plan] : []))
    const written = plans.length === 0 ? [] : await runWrites(context.database, context, plans)
    for (const part of group) {
      if (part.kind === 'write') answer.add(part, written.shift() ?? 'null')
      else await addCommonPart(answer, part, context)
    }
  }
  return answer.result()
}

/** Splits after each action: what comes later must not be written before it. */
function neighbours(parts: readonly Part[]): readonly Part[][] {
  const groups: Part[][] = []
  for (const part of parts) {
    const last = groups.at(-1)
    if (last === undefined || last.some(({ kind }) => kind === 'action')) groups.push([part])
    else last.push(part)
  }
  return groups
}

async function addCommonPart(answer: Answer, part: Part, context: ActionContext): Promise<void> {
  if (part.kind === 'known') answer.add(part, part.json)
  if (part.kind !== 'action') return
  const { json, cookies } = await runAction(part.action, part.field, context)
  answer.add(part, json)
  answer.cookies.push(...cookies)
}

class Answer {
  readonly cookies: string[] = []
  readonly #members: string[] = []

  add({ responseKey }: Part, json: string): void {
    this.#members.push(`${JSON.stringify(responseKey)}:${json}`)
  }

  result(): ExecutionResult {
    return { data: `{${this.#members.join(',')}}`, cookies: this.cookies }
  }
}
