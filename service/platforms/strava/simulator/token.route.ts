import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { summaryAthlete } from './athletes.ts'
import { badRequest, rateLimitExceeded, wrongAccessToken, wrongApplication } from './refusals.ts'
import type { Simulation } from './simulation.ts'
import type { Grant } from './state.ts'

const text = z.union([z.string(), z.number().transform(String)]).catch('')
const TokenRequest = z.object({
  client_id: text,
  client_secret: text,
  grant_type: text,
  code: text,
  refresh_token: text,
})
const RevokeRequest = z.object({ token: text })
const DeauthorizeRequest = z.object({ access_token: text })

/** The token endpoint, under both of its addresses, and the two ways to take a grant back. */
export const tokenRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const { grants, options, limiter } = simulation
  const isOurs = (id: string, secret: string) => id === options.clientId && secret === options.clientSecret

  for (const path of ['/oauth/token', '/api/v3/oauth/token']) {
    app.post(path, async ({ body }) => {
      const request = TokenRequest.parse(body ?? {})
      if (!isOurs(request.client_id, request.client_secret)) throw badRequest('Application', 'client_id')
      if (request.grant_type === 'refresh_token') return grants.refresh(request.refresh_token)
      if (request.grant_type !== 'authorization_code') throw badRequest('Application', 'grant_type')
      const { athleteId, tokens } = grants.exchangeCode(request.code)
      return { ...tokens, athlete: summaryAthlete(athleteId) }
    })
  }

  app.post('/oauth/revoke', async (request, reply) => {
    const [id, secret] = basicCredentials(request)
    if (!isOurs(id, secret)) throw wrongApplication()
    const grant = grants.findByAnyToken(RevokeRequest.parse(request.body ?? {}).token)
    if (grant !== undefined) endGrant(simulation, grant)
    // RFC 7009 section 2.2: also for a token that nobody knows.
    return reply.code(200).send({})
  })

  app.post('/oauth/deauthorize', async (request, reply) => {
    const token = bearerToken(request) ?? DeauthorizeRequest.parse(request.body ?? request.query).access_token
    const grant = grants.findByAccessToken(token)
    if (grant === undefined) throw wrongAccessToken()
    const { refused, headers } = limiter.count('other')
    reply.headers(headers)
    if (refused) throw rateLimitExceeded()
    endGrant(simulation, grant)
    return { access_token: token }
  })
}

export function bearerToken({ headers }: FastifyRequest): string | undefined {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]
}

/** Takes the grant back and tells the application, as when the athlete does it in Strava's settings. */
export function endGrant({ grants, webhooks }: Simulation, grant: Grant): void {
  grants.revoke(grant)
  const { athleteId } = grant
  webhooks.send({
    event: { aspect_type: 'update', updates: { authorized: 'false' } },
    object: { type: 'athlete', id: athleteId },
    athleteId,
  })
}

function basicCredentials({ headers }: FastifyRequest): [id: string, secret: string] {
  const encoded = /^Basic (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
  return [decode(id), decode(secret.join(':'))]
}

function decode(encoded: string): string {
  return new URLSearchParams(`value=${encoded.replaceAll('&', '%26')}`).get('value') ?? ''
}
