import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { consentPage } from './consent-page.ts'
import type { Simulation } from './simulation.ts'
import { PERMISSIONS } from './state.ts'

const text = z.string().catch('')
const Authorize = z.object({
  client_id: text,
  redirect_uri: text,
  response_type: text,
  code_challenge: text,
  code_challenge_method: text,
  state: text,
  /** The simulator's own: decides without showing the page; `read_only` leaves history switched off. */
  simulate: z.enum(['approve', 'deny', 'read_only']).optional().catch(undefined),
  simulate_person: z.coerce.number().int().positive().optional().catch(undefined),
})
const Decision = Authorize.extend({
  decision: z.enum(['approve', 'deny']).catch('deny'),
  granted: z.union([z.array(z.string()), z.string().transform((one) => [one])]).catch([]),
})
type Authorize = z.infer<typeof Authorize>

export const oauthRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const { grants, options } = simulation
  const answer = (request: Authorize, permissions: readonly string[] | 'denied') => {
    const url = new URL(request.redirect_uri)
    url.searchParams.set('state', request.state)
    if (permissions === 'denied') url.searchParams.set('error', 'access_denied')
    else {
      const person = request.simulate_person ?? grants.nextPerson()
      const challenge = { challenge: request.code_challenge, redirectUri: request.redirect_uri }
      url.searchParams.set('code', grants.issueCode({ person, permissions, ...challenge }))
    }
    return url.href
  }
  const isRight = (request: Authorize) =>
    request.client_id === options.clientId &&
    request.response_type === 'code' &&
    request.code_challenge_method === 'S256' &&
    /^[\w-]{43}$/.test(request.code_challenge) &&
    URL.canParse(request.redirect_uri)

  app.get('/oauth2Confirm', async ({ query }, reply) => {
    const request = Authorize.parse(query)
    // Garmin's request has no scope.
    if (!isRight(request) || 'scope' in (query as object)) return reply.code(400).send({ error: 'invalid_request' })
    if (request.simulate === 'deny') return reply.redirect(answer(request, 'denied'))
    if (request.simulate === 'approve') return reply.redirect(answer(request, PERMISSIONS))
    if (request.simulate === 'read_only') return reply.redirect(answer(request, ['ACTIVITY_EXPORT', 'HEALTH_EXPORT']))
    const { simulate: _, simulate_person: person, ...carried } = request
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
    const wanted: Record<string, string> = person === undefined ? {} : { simulate_person: String(person) }
    return consentPage(`${app.prefix}/oauth2Confirm`, { ...carried, ...wanted })
  })

  app.post('/oauth2Confirm', async ({ body }, reply) => {
    const request = Decision.parse(body ?? {})
    if (!isRight(request)) return reply.code(400).send({ error: 'invalid_request' })
    return reply.redirect(answer(request, request.decision === 'deny' ? 'denied' : request.granted), 303)
  })
}
