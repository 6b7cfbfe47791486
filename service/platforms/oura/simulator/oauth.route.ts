import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { type Grant, SCOPES, type Simulation } from './state.ts'

const text = z.string().catch('')
const Authorize = z.object({
  client_id: text,
  redirect_uri: text,
  response_type: text,
  scope: text,
  state: text,
  /** The simulator's own: decides without showing the page; `read_only` unticks all but what is needed. */
  simulate: z.enum(['approve', 'deny', 'read_only']).optional().catch(undefined),
  simulate_person: z.coerce.number().int().positive().optional().catch(undefined),
})
type Authorize = z.infer<typeof Authorize>
const Token = z.object({
  grant_type: text,
  client_id: text,
  client_secret: text,
  code: text,
  redirect_uri: text,
  refresh_token: text,
})

export const oauthRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const { options } = simulation
  const answer = (request: Authorize, scopes: readonly string[] | 'denied') => {
    const url = new URL(request.redirect_uri)
    url.searchParams.set('state', request.state)
    if (scopes === 'denied') url.searchParams.set('error', 'access_denied')
    else {
      const person = request.simulate_person ?? simulation.nextPerson()
      url.searchParams.set('code', simulation.issueCode({ person, scopes, redirectUri: request.redirect_uri }))
      url.searchParams.set('scope', named(scopes))
    }
    return url.href
  }

  app.get('/oauth/authorize', async ({ query }, reply) => {
    const request = Authorize.parse(query)
    const wanted = request.scope.split(' ').map((scope) => scope.replace(/^extapi:/, ''))
    const isRight = request.client_id === options.clientId && request.response_type === 'code'
    if (!isRight || !URL.canParse(request.redirect_uri) || wanted.some((scope) => !SCOPES.includes(scope)))
      return reply.code(400).send({ error: 'invalid_request' })
    if (request.simulate === 'deny') return reply.redirect(answer(request, 'denied'))
    if (request.simulate === 'read_only') return reply.redirect(answer(request, ['personal', 'daily']))
    if (request.simulate === 'approve') return reply.redirect(answer(request, wanted))
    const link = (decision: string) =>
      `${app.prefix}/oauth/authorize?${new URLSearchParams({ ...(query as object), simulate: decision })}`
    return reply.type('text/html; charset=utf-8').send(consentPage(link))
  })

  app.post('/oauth/token', async ({ body }, reply) => {
    const request = Token.parse(body ?? {})
    if (request.client_id !== options.clientId || request.client_secret !== options.clientSecret)
      return reply.code(401).send({ error: 'invalid_client' })
    const grant =
      request.grant_type === 'refresh_token'
        ? simulation.refresh(request.refresh_token)
        : simulation.exchange(request.code, request.redirect_uri)
    return grant === undefined ? reply.code(400).send({ error: 'invalid_grant' }) : tokens(grant)
  })

  app.post<{ Querystring: { access_token?: string } }>('/oauth/revoke', async ({ query }, reply) => {
    const grant = simulation.findByToken(query.access_token)
    if (grant !== undefined) simulation.end(grant)
    return reply.code(grant === undefined ? 401 : 200).send({})
  })
}

function named(scopes: readonly string[]): string {
  return scopes.map((scope) => `extapi:${scope}`).join(' ')
}

function tokens({ accessToken, refreshToken, scopes }: Grant) {
  return {
    access_token: accessToken,
    token_type: 'bearer',
    expires_in: 86_400,
    refresh_token: refreshToken,
    scope: named(scopes),
  }
}

function consentPage(link: (decision: string) => string): string {
  const escaped = (decision: string) =>
    link(decision).replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><title>Authorize – Oura simulator</title></head>
<body><main><h1>Share your Oura data</h1>
<p>This is a simulator of Oura for development. No account is needed, and the person is invented.</p>
<p><a href="${escaped('approve')}">Share everything that was asked for</a></p>
<p><a href="${escaped('read_only')}">Share the day’s numbers only</a></p>
<p><a href="${escaped('deny')}">Cancel</a></p></main></body></html>
`
}
