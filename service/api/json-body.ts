import type { FastifyInstance } from 'fastify'
import { AppError } from '../runtime/errors.ts'
import { isDeeperThan } from '../runtime/json-depth.ts'

/** Hasura's calls nest six levels and an action's input a few more; what is deeper is made to exhaust a stack. */
export const MOST_LEVELS = 64

/** JSON bodies as Fastify reads them, `__proto__` refused, and none nested too deeply. Throws request/malformed. */
export function readJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (isDeeperThan(body, MOST_LEVELS))
      return done(new AppError('request/malformed', { problem: `JSON nested deeper than ${MOST_LEVELS} levels` }))
    return parse(request, body, done)
  })
}
