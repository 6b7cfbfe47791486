import { type Environment, fillTemplate, type ResolvedHeader, requireVariable, resolveHeaders } from '../environment.ts'
import type { EventTrigger, Table } from '../metadata/types.ts'
import type { TriggerInconsistency } from './install.ts'

/** Where the events of a trigger go, and how hard we try. */
export interface Subscriber {
  readonly triggerName: string
  readonly url: string
  readonly headers: readonly ResolvedHeader[]
  readonly maxRetries: number
  readonly retryIntervalSeconds: number
  readonly timeoutSeconds: number
}

/** Longest time one attempt may take, whatever the metadata says: after it the lock of the event is void. */
const TIMEOUT_CAP_SECONDS = 30 * 60

/** Subscribers by trigger name. One whose address or headers name a variable that is not set gets no deliveries. */
export function resolveSubscribers(tables: readonly Table[], env: Environment) {
  const subscribers = new Map<string, Subscriber>()
  const inconsistencies: TriggerInconsistency[] = []
  for (const trigger of tables.flatMap((table) => table.event_triggers ?? [])) {
    try {
      subscribers.set(trigger.name, resolveSubscriber(trigger, env))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      inconsistencies.push({
        name: `event_trigger ${trigger.name}`,
        reason: `in event trigger "${trigger.name}": ${reason}`,
      })
    }
  }
  return { subscribers, inconsistencies }
}

function resolveSubscriber(trigger: EventTrigger, env: Environment): Subscriber {
  const { webhook, webhook_from_env: variable, retry_conf: retry = {} } = trigger
  if ((webhook === undefined) === (variable === undefined))
    throw new Error('exactly one of webhook and webhook_from_env is needed')
  return {
    triggerName: trigger.name,
    url: variable === undefined ? fillTemplate(webhook ?? '', env) : requireVariable(env, variable),
    headers: resolveHeaders(trigger.headers ?? [], env),
    maxRetries: retry.num_retries ?? 0,
    retryIntervalSeconds: retry.interval_sec ?? 10,
    timeoutSeconds: Math.min(retry.timeout_sec ?? 60, TIMEOUT_CAP_SECONDS),
  }
}
