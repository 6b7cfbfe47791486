import { type Environment, fillTemplate, resolveHeaders } from '../environment.ts'
import { HasuraError } from '../errors.ts'
import type { CallAction } from '../execute/engine-types.ts'
import type { Action } from '../metadata/types.ts'
import { type Propagator, traceHeaders } from '../trace.ts'
import { describeFailedCall, postWebhook, type WebhookAnswer } from '../webhooks/call.ts'
import { readActionAnswer } from './answer.ts'
import { describeExchange, type Exchange } from './exchange.ts'
import { actionRequestHeaders } from './request-headers.ts'

const DEFAULT_TIMEOUT_SECONDS = 30

/** The outgoing half of an action. One attempt, no retry; throws HasuraError for every failure. */
export function createActionCaller(options: {
  readonly env: Environment
  readonly configuredHeaderPrecedence: boolean
  readonly propagators: readonly Propagator[]
}): CallAction {
  return async ({ action, input, session, requestQuery, requestHeaders, span }) => {
    const { definition } = action
    const configured = definition.headers ?? []
    const headers = actionRequestHeaders({
      configured: resolveHeaders(configured, options.env),
      client: requestHeaders,
      forwardClientHeaders: definition.forward_client_headers === true,
      configuredWins: options.configuredHeaderPrecedence,
    })
    const body = {
      action: { name: action.name },
      input,
      request_query: requestQuery,
      session_variables: session.variables,
    }
    const call = { handler: definition.handler, headers: configured, body }
    const answer = await askHandler(
      {
        url: fillTemplate(definition.handler, options.env),
        headers: { ...traceHeaders(span, options.propagators), ...headers },
        body: JSON.stringify(body),
        timeoutMs: (definition.timeout ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
      },
      describeExchange(call),
    )
    const exchange = describeExchange({ ...call, answer })
    return { json: readActionAnswer(answer, exchange), cookies: answer.headers.getSetCookie(), exchange }
  }
}

/** Actions whose handler or headers name a variable that is not set: they are left out of the schema. */
export function partitionActions(actions: readonly Action[], env: Environment) {
  const usable: Action[] = []
  const inconsistencies: { reason: string; name: string }[] = []
  for (const action of actions) {
    try {
      fillTemplate(action.definition.handler, env)
      resolveHeaders(action.definition.headers ?? [], env)
      usable.push(action)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      inconsistencies.push({ reason: `in action "${action.name}": ${reason}`, name: `action ${action.name}` })
    }
  }
  return { usable, inconsistencies }
}

async function askHandler(call: Parameters<typeof postWebhook>[0], unanswered: Exchange): Promise<WebhookAnswer> {
  try {
    return await postWebhook(call)
  } catch (error) {
    const internal = { error: { type: 'http_exception', message: describeFailedCall(error) }, ...unanswered }
    const message = 'http exception when calling webhook'
    throw new HasuraError({ code: 'unexpected', message, httpStatus: 500, internal }, { cause: error })
  }
}
