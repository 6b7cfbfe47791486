import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import type { Simulation } from './simulation.ts'
import type { Grant } from './state.ts'

const text = z.string().catch('')
const Token = z.object({
  grant_type: text,
  client_id: text,
  client_secret: text,
  code: text,
  code_verifier: text,
  redirect_uri: text,
  refresh_token: text,
})

export const tokenRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const { grants, options } = simulation

  app.post('/di-oauth2-service/oauth/token', async ({ body }, reply) => {
    const request = Token.parse(body ?? {})
    if (request.client_id !== options.clientId || request.client_secret !== options.clientSecret)
      return reply.code(401).send({ error: 'invalid_client' })
    const grant =
      request.grant_type === 'refresh_token'
        ? grants.refresh(request.refresh_token)
        : grants.exchange(request.code, { verifier: request.code_verifier, redirectUri: request.redirect_uri })
    return grant === undefined ? reply.code(400).send({ error: 'invalid_grant' }) : tokens(grant)
  })
}

export function tokens({ accessToken, refreshToken }: Grant) {
  const scope = 'PARTNER_WRITE PARTNER_READ CONNECT_READ CONNECT_WRITE'
  const lifetimes = { expires_in: 86_400, refresh_token_expires_in: 7_775_998 }
  return {
    access_token: accessToken,
    token_type: 'bearer',
    refresh_token: refreshToken,
    scope,
    jti: accessToken.slice(0, 32),
    ...lifetimes,
  }
}
