import { HasuraError, toGraphqlError } from '../errors.ts'
import type { ExecutionResult } from '../execute/engine-types.ts'
import { toHasuraError } from '../failures.ts'
import { readGraphqlRequest } from '../graphql-request.ts'
import { describeError } from '../log.ts'
import { parseLossless } from '../lossless-json.ts'
import type { Session } from '../session.ts'
import type { Answer } from './answer.ts'
import { parseJsonBody } from './body.ts'
import type { EndpointRequest, HttpServices } from './services.ts'

interface Result {
  /** The JSON text of one GraphQL answer. */
  readonly text: string
  readonly cookies: readonly string[]
}

/** `POST /v1/graphql`: one request or a list of them, which run in order. The status is 200 whatever happens. */
export async function answerGraphql(request: EndpointRequest, services: HttpServices): Promise<Answer> {
  let session: Session | undefined
  try {
    session = await services.authenticate(request.headers)
    const body = parseJsonBody(request.body, parseLossless)
    if (!Array.isArray(body)) return toAnswer(await runOne(body, { session, request, services }))
    const results: Result[] = []
    for (const item of body) results.push(await runOne(item, { session, request, services }))
    const text = `[${results.map((result) => result.text).join(',')}]`
    return toAnswer({ text, cookies: results.flatMap((result) => result.cookies) })
  } catch (error) {
    const known = toHasuraError(error)
    const status = services.settings.preserve401Errors && known.httpStatus === 401 ? 401 : 200
    return { status, body: describeFailure(error, { session, services }) }
  }
}

/** `POST /v1alpha1/graphql`, the older door: one request, and failures have their own status. */
export async function answerOldGraphql(request: EndpointRequest, services: HttpServices): Promise<Answer> {
  let session: Session | undefined
  try {
    session = await services.authenticate(request.headers)
    const { data, cookies } = await execute(parseJsonBody(request.body, parseLossless), { session, request, services })
    return toAnswer({ text: `{"data":${data}}`, cookies })
  } catch (error) {
    return { status: toHasuraError(error).httpStatus, body: describeFailure(error, { session, services }) }
  }
}

interface Context {
  readonly session: Session
  readonly request: EndpointRequest
  readonly services: HttpServices
}

async function runOne(body: unknown, context: Context): Promise<Result> {
  try {
    const { data, cookies } = await execute(body, context)
    return { text: `{"data":${data}}`, cookies }
  } catch (error) {
    return { text: describeFailure(error, context), cookies: [] }
  }
}

async function execute(body: unknown, { session, request, services }: Context): Promise<ExecutionResult> {
  const prepared = services.served().engine.prepare(readGraphqlRequest(body), session)
  if (prepared.kind !== 'subscription') return prepared.run(request.headers)
  const message = 'subscriptions are not supported over HTTP, use websockets instead'
  throw new HasuraError({ code: 'unexpected-payload', message })
}

function describeFailure(error: unknown, context: { session: Session | undefined; services: HttpServices }): string {
  const { settings, log } = context.services
  const known = toHasuraError(error)
  if (known !== error) log('error', 'graphql', { error: describeError(error) })
  const isAdmin = context.session?.role === 'admin'
  return JSON.stringify({
    errors: [toGraphqlError(known, settings.devMode || (isAdmin && settings.adminInternalErrors))],
  })
}

function toAnswer(result: Result): Answer {
  return { status: 200, body: result.text, cookies: result.cookies }
}
