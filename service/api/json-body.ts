import type { FastifyInstance } from 'fastify'
import { AppError } from '../runtime/errors.ts'
import { isDeeperThan } from '../runtime/json-depth.ts'

/** Hasura's calls nest six levels and an action's input a few more; what is deeper is made to exhaust a stack. */
export const MOST_LEVELS = 64

/** For bodies that are read elsewhere. Throws request/malformed. */
export function refuseDeepJson(text: string): void {
  if (isDeeperThan(text, MOST_LEVELS))
    throw new AppError('request/malformed', { problem: `JSON nested deeper than ${MOST_LEVELS} levels` })
}

/** JSON bodies as Fastify reads them, `__proto__` refused, and none nested too deeply. Throws request/malformed. */
export function readJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    try {
      refuseDeepJson(body)
    } catch (error) {
      return done(error as Error)
    }
    return parse(request, body, done)
  })
}
