import { type Propagator, spanOfEvent, traceHeaders } from '../trace.ts'
import { describeFailedCall, postWebhook, type WebhookAnswer } from '../webhooks/call.ts'
import type { Invocation, LoggedEvent, Outcome } from './queries.ts'
import type { Subscriber } from './subscribers.ts'

/** What Hasura's log shows as the status of a call that got no answer. */
const NO_ANSWER_STATUS = 1000

/** Calls the webhook once. Never throws: every failure is an outcome. */
export async function attemptDelivery(
  event: LoggedEvent,
  { subscriber, propagators }: { subscriber: Subscriber; propagators: readonly Propagator[] },
  signal: AbortSignal,
) {
  const body = deliveryBody(event, subscriber.maxRetries)
  const answer = await postWebhook({
    url: subscriber.url,
    headers: {
      ...traceHeaders(spanOfEvent(event.payloadJson), propagators),
      ...Object.fromEntries(subscriber.headers.map(({ name, value }) => [name.toLowerCase(), value])),
    },
    body,
    timeoutMs: subscriber.timeoutSeconds * 1000,
    signal,
  }).catch((error: unknown) => describeFailedCall(error))
  const invocation: Invocation = {
    triggerName: event.triggerName,
    eventId: event.id,
    status: typeof answer === 'string' ? NO_ANSWER_STATUS : answer.status,
    requestJson: loggedRequest(body, subscriber),
    responseJson: loggedResponse(answer),
  }
  return { invocation, outcome: decide(answer, event, subscriber) }
}

/** The body on the wire, put together as text so that numbers stay as Postgres wrote them. */
export function deliveryBody(event: LoggedEvent, maxRetries: number): string {
  const text = JSON.stringify
  return (
    `{"id":${text(event.id)},"created_at":${text(event.createdAt)},"trigger":${text({ name: event.triggerName })},` +
    `"table":${text({ schema: event.schemaName, name: event.tableName })},"event":${event.payloadJson},` +
    `"delivery_info":${text({ current_retry: event.tries, max_retries: maxRetries })}}`
  )
}

/** A `Retry-After` in seconds is obeyed even when the retries are used up, as in Hasura. */
export function decide(
  answer: WebhookAnswer | string,
  event: { readonly tries: number },
  limits: { readonly maxRetries: number; readonly retryIntervalSeconds: number },
): Outcome {
  if (typeof answer !== 'string') {
    if (answer.status >= 200 && answer.status < 300) return { do: 'deliver' }
    const retryAfter = answer.headers.get('retry-after')?.trim() ?? ''
    if (/^\d{1,9}$/.test(retryAfter) && Number(retryAfter) > 0) return { do: 'retry', delaySeconds: Number(retryAfter) }
  }
  if (event.tries < limits.maxRetries) return { do: 'retry', delaySeconds: limits.retryIntervalSeconds }
  return { do: 'give up' }
}

/** Values that came from the environment are secrets: the log names the variable. */
function loggedRequest(body: string, subscriber: Subscriber): string {
  const headers = subscriber.headers.map(({ name, value, fromVariable }) => ({ name, value: fromVariable ?? value }))
  return `{"payload":${body},"headers":${JSON.stringify(headers)},"version":"2"}`
}

function loggedResponse(answer: WebhookAnswer | string): string {
  if (typeof answer === 'string')
    return JSON.stringify({ type: 'client_error', data: { message: answer }, version: '2' })
  const headers = [...answer.headers].map(([name, value]) => ({ name, value }))
  return JSON.stringify({
    type: 'webhook_response',
    data: { status: answer.status, headers, body: answer.body },
    version: '2',
  })
}
