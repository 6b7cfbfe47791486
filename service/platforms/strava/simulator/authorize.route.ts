import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { consentPage, SCOPES } from './consent-page.ts'
import { badRequest } from './refusals.ts'
import type { Simulation } from './simulation.ts'

const text = z.string().catch('')
const AuthorizeRequest = z.object({
  client_id: text,
  redirect_uri: text,
  response_type: text,
  approval_prompt: z.string().default('auto').catch(''),
  scope: z.string().default('read').catch(''),
  state: text,
  /** The simulator's own: decides without showing the page. */
  simulate: z.enum(['approve', 'deny', 'read_only']).optional().catch(undefined),
  simulate_athlete: z.string().default('').catch(''),
})
type AuthorizeRequest = z.infer<typeof AuthorizeRequest>

const Decision = AuthorizeRequest.extend({
  decision: z.enum(['approve', 'deny']).catch('deny'),
  granted: z.union([z.array(z.string()), z.string().transform((scope) => [scope])]).catch([]),
})

/** The consent page. PKCE parameters are neither asked for nor looked at, as at Strava. */
export const authorizeRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const { grants, options } = simulation
  const redirect = (request: AuthorizeRequest, granted: readonly string[] | 'denied') => {
    if (granted === 'denied') return redirection(request, { error: 'access_denied' })
    const code = grants.issueCode({ athleteId: athleteOf(request, grants.nextAthleteId), scopes: granted })
    return redirection(request, { code, scope: granted.join(',') })
  }

  for (const path of ['/oauth/authorize', '/oauth/mobile/authorize']) {
    app.get(path, async ({ query }, reply) => {
      const request = AuthorizeRequest.parse(query)
      check(request, options)
      const scopes = scopesOf(request)
      if (request.simulate === 'deny') return reply.redirect(redirect(request, 'denied'))
      if (request.simulate === 'approve') return reply.redirect(redirect(request, scopes))
      if (request.simulate === 'read_only') return reply.redirect(redirect(request, ['read']))
      const { simulate: _, simulate_athlete: wanted, ...carried } = request
      reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      return consentPage({
        action: `${app.prefix}/oauth/accept_application`,
        request: carried,
        scopes,
        nextAthleteId: grants.nextAthleteId,
        wanted,
      })
    })
  }

  app.post('/oauth/accept_application', async ({ body }, reply) => {
    const request = Decision.parse(body ?? {})
    check(request, options)
    const ticked = scopesOf(request).filter((scope) => scope === 'read' || request.granted.includes(scope))
    return reply.redirect(redirect(request, request.decision === 'deny' ? 'denied' : ticked))
  })
}

function check(request: AuthorizeRequest, options: Simulation['options']): void {
  if (request.client_id !== options.clientId) throw badRequest('Application', 'client_id')
  if (!isAllowedRedirect(request.redirect_uri, options.callbackDomain)) throw badRequest('Application', 'redirect_uri')
  if (request.response_type !== 'code') throw badRequest('Application', 'response_type')
  if (!['auto', 'force'].includes(request.approval_prompt)) throw badRequest('Application', 'approval_prompt')
  if (scopesOf(request).some((scope) => !Object.hasOwn(SCOPES, scope))) throw badRequest('Authorize', 'scope')
}

function isAllowedRedirect(redirectUri: string, callbackDomain: string | undefined): boolean {
  const host = URL.parse(redirectUri)?.hostname
  if (host === undefined || host === '') return false
  if (['localhost', '127.0.0.1'].includes(host)) return true
  return callbackDomain !== undefined && (host === callbackDomain || host.endsWith(`.${callbackDomain}`))
}

/** By commas only: what a library joins with spaces or plus signs is one unknown scope. */
function scopesOf({ scope }: AuthorizeRequest): string[] {
  return [...new Set(scope.split(','))]
}

function athleteOf({ simulate_athlete: wanted }: AuthorizeRequest, next: number): number {
  if (wanted === '') return next
  const athleteId = Number(wanted)
  if (!Number.isInteger(athleteId) || athleteId < 1 || athleteId > 99_999)
    throw badRequest('Athlete', 'simulate_athlete')
  return athleteId
}

function redirection({ redirect_uri: redirectUri, state }: AuthorizeRequest, answer: Record<string, string>): string {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries({ state, ...answer })) url.searchParams.set(name, value)
  // Strava leaves the commas and colons of `scope` as they are.
  url.search = url.search.replace(/(?<=[?&]scope=)[^&]*/, (scope) =>
    scope.replaceAll('%2C', ',').replaceAll('%3A', ':'),
  )
  return url.href
}
