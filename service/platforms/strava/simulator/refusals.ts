import type { FastifyReply } from 'fastify'
import { ZodError } from 'zod'

/** An answer that Strava gives when it says no; the shapes are those of its error documentation and of recorded answers. */
export class Refusal extends Error {
  readonly status: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(`refused with ${status}`)
    this.status = status
    this.body = body
    this.headers = headers
  }
}

interface Problem {
  readonly resource: string
  readonly field: string
  readonly code: string
}

const MESSAGES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Authorization Error',
  403: 'Forbidden',
  404: 'Resource Not Found',
  429: 'Rate Limit Exceeded',
}

function refusal(status: number, problem: Problem, message = MESSAGES[status]): Refusal {
  return new Refusal(status, { message, errors: [problem] })
}

export const badRequest = (resource: string, field: string, code = 'invalid') => refusal(400, { resource, field, code })
export const wrongApplication = () => refusal(401, { resource: 'Application', field: '', code: 'invalid' })
export const wrongAccessToken = () => refusal(401, { resource: 'Athlete', field: 'access_token', code: 'invalid' })
export const missingScope = (permission: string) =>
  refusal(401, { resource: 'AccessToken', field: permission, code: 'missing' })
export const inactiveApplication = () => refusal(403, { resource: 'Application', field: 'Status', code: 'Inactive' })
export const noActivity = () => refusal(404, { resource: 'Activity', field: '', code: 'not found' })
/** The streams of an activity that was typed in by hand: no problem is named, and the activity itself is there. */
export const noStreams = () => new Refusal(404, { message: 'Resource Not Found', errors: [] })
export const noSuchPath = () =>
  refusal(404, { resource: 'resource', field: 'path', code: 'invalid' }, 'Record Not Found')
export const rateLimitExceeded = () => refusal(429, { resource: 'Application', field: 'rate limit', code: 'exceeded' })

const BY_STATUS: Readonly<Record<number, () => Refusal>> = {
  401: wrongAccessToken,
  403: inactiveApplication,
  404: noActivity,
  429: rateLimitExceeded,
  500: () => new Refusal(500, { message: 'Internal Server Error' }),
}

/** What Strava answers with that status; a gateway in front of it answers HTML. */
export function refusalWith(status: number, headers: Readonly<Record<string, string>> = {}): Refusal {
  const html = `<html><head><title>${status}</title></head><body>${status}</body></html>`
  const body = BY_STATUS[status]?.().body ?? (status >= 500 ? html : { message: 'Bad Request', errors: [] })
  return new Refusal(status, body, headers)
}

export async function answerWith(error: unknown, reply: FastifyReply): Promise<FastifyReply> {
  if (error instanceof Refusal) {
    reply.type(typeof error.body === 'string' ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8')
    return reply.code(error.status).headers(error.headers).send(error.body)
  }
  const status = error instanceof ZodError ? 400 : ((error as { statusCode?: number }).statusCode ?? 500)
  if (status < 500) return reply.code(status).send({ message: 'Bad Request', errors: [] })
  process.stderr.write(`strava simulator: ${(error as Error).stack ?? String(error)}\n`)
  return reply.code(500).send({ message: 'Internal Server Error' })
}
