import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Refusal, RefusalTrail } from '../compliance/audit/refusal-trail.ts'
import type { AuditActor } from '../runtime/audit-event.ts'
import { AppError, type ErrorCode, errorSpec } from '../runtime/errors.ts'
import { describeError, type Log } from '../runtime/log.ts'
import { traceFacts } from '../runtime/trace.ts'

export interface ErrorServices {
  readonly log: Log
  /** Absent: nothing is told. */
  readonly refusals?: Pick<RefusalTrail, 'tell'> | undefined
}

interface ErrorBody {
  readonly message: string
  /** Hasura passes it on to the client: `extensions` replaces its own path and code. */
  readonly extensions: { readonly path: string; readonly code: string }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls, once that is known; null before. */
    actor: AuditActor | null
  }
}

/** Refusals of who calls, not of what was asked: they are told of in the audit trail. */
const REFUSED_AT_THE_DOOR: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'request/not_authorized',
  'request/no_user',
  'request/identity_mismatch',
  'request/token_not_accepted',
  'request/token_lives_too_long',
  'request/role_not_allowed',
  'access/platform_not_allowed',
  'access/key_not_accepted',
  'access/scope_missing',
])

/** Turns what was thrown into HTTP. The only place that does. */
export function handleErrors(app: FastifyInstance, { log, refusals }: ErrorServices): void {
  app.decorateRequest('actor', null)
  app.setNotFoundHandler((_request, reply) => send(reply, 'request/not_found'))
  app.setErrorHandler(async (error, request, reply) => {
    const code = codeOf(error)
    const facts = { ...traceFacts(request.trace), operation: operationOf(request), ...describeError(error), code }
    if (errorSpec(code).httpStatus >= 500) log.error(facts, 'request failed')
    else log.info(facts, 'request refused')
    if (REFUSED_AT_THE_DOOR.has(code)) await refusals?.tell(refusalOf(request, error, code))
    return send(reply, code, { problem: problemOf(error), toHasura: request.routeOptions.url?.startsWith('/actions/') })
  })
}

function refusalOf(request: FastifyRequest, error: unknown, code: ErrorCode): Refusal {
  const keyId = error instanceof AppError ? error.facts['key_id'] : undefined
  const actor: AuditActor =
    code.startsWith('access/key') || keyId !== undefined
      ? { kind: 'api_key', id: typeof keyId === 'string' ? keyId : null }
      : (request.actor ?? { kind: 'user', id: null })
  const { id: requestId, sourceAddress } = request
  return { code, operation: operationOf(request), actor, requestId, sourceAddress }
}

/** The route's pattern: the address itself may hold a secret, a code or a state. */
export function operationOf(request: FastifyRequest): string {
  return `${request.method} ${request.routeOptions.url ?? 'unknown route'}`
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof AppError) return error.code
  // Fastify's own refusals: a body over the limit, a content type or JSON it cannot read.
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined
  if (status === 413) return 'request/too_large'
  if (status === 404) return 'request/not_found'
  return typeof status === 'number' && status >= 400 && status < 500 ? 'request/malformed' : 'internal/unexpected'
}

/** By convention `facts.field` says where and `facts.problem` what was wrong, in words that hold no value. */
function problemOf(error: unknown): string | undefined {
  if (!(error instanceof AppError)) return undefined
  const { field, problem } = error.facts
  const parts = [field, problem].filter((part) => typeof part === 'string')
  return parts.length === 0 ? undefined : parts.join(': ')
}

function send(
  reply: FastifyReply,
  code: ErrorCode,
  { problem, toHasura = false }: { problem?: string | undefined; toHasura?: boolean | undefined } = {},
): FastifyReply {
  const { httpStatus, publicMessage } = errorSpec(code)
  const message = problem === undefined ? publicMessage : `${publicMessage.replace(/\.$/, '')}: ${problem}`
  const body: ErrorBody = { message, extensions: { path: '$', code } }
  // Hasura shows a person only what comes with a 4xx; of a 5xx it says "internal error". Ours are written to be shown.
  const status = toHasura && httpStatus >= 500 && code !== 'internal/unexpected' ? 400 : httpStatus
  return reply.code(status).send(body)
}
