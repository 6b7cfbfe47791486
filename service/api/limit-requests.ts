import type { FastifyReply } from 'fastify'
import type { Taken } from '../access/rate-limit.ts'
import { AppError } from '../runtime/errors.ts'

/**
 * Says how much is left (draft-ietf-httpapi-ratelimit-headers-11, structured fields with one item for each policy) and, when nothing
 * is, throws request/too_many with Retry-After (RFC 9110, section 10.2.3).
 */
export function applyLimits(reply: FastifyReply, taken: readonly Taken[]): void {
  reply.header(
    'ratelimit-policy',
    taken.map(({ name, limit }) => `"${name}";q=${limit.requests};w=${limit.seconds}`).join(', '),
  )
  reply.header(
    'ratelimit',
    taken.map(({ name, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`).join(', '),
  )
  const waits = taken.filter(({ allowed }) => !allowed).map(({ resetSeconds }) => resetSeconds)
  if (waits.length === 0) return
  const seconds = Math.max(...waits)
  reply.header('retry-after', String(seconds))
  throw new AppError('request/too_many', { problem: `try again in ${seconds} s` })
}
