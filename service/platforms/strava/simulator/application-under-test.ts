import Fastify, { type FastifyInstance } from 'fastify'
import { readOptions, type StravaSimulatorOptions, simulator } from '../simulator.ts'

export const NOON = new Date('2026-11-23T12:00:00Z')
const APPLICATION = { client_id: '24523', client_secret: 'simulated-client-secret' }

/** An application that talks to a simulator of its own, for tests. Its clock stands still until `clock.now` is set. */
export async function openApplication(options: Partial<StravaSimulatorOptions> = {}) {
  const clock = { now: NOON }
  const app = Fastify()
  await app.register(simulator, { ...readOptions({}), now: () => clock.now, ...options, prefix: '/strava' })

  const oauth = oauthClient(app)
  const get = (path: string, accessToken: string) =>
    app.inject({ url: `/strava/api/v3${path}`, headers: { authorization: `Bearer ${accessToken}` } })
  const control = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object | string) =>
    app.inject({
      method,
      url: `/strava/simulate${path}`,
      ...(payload === undefined ? {} : { payload, headers: { 'content-type': 'application/json' } }),
    })
  return { app, clock, ...oauth, get, control, application: APPLICATION, close: () => app.close() }
}

function oauthClient(app: FastifyInstance) {
  const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: `/strava${path}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      payload: new URLSearchParams(form).toString(),
    })
  const token = (form: Record<string, string>) => post('/oauth/token', { ...APPLICATION, ...form })
  const authorize = async (parameters: Record<string, string> = {}) => {
    const request = {
      client_id: '24523',
      redirect_uri: 'http://localhost:3000/callback',
      response_type: 'code',
      state: 's-1',
    }
    const query = { ...request, scope: 'read,activity:read_all', simulate: 'approve', ...parameters }
    const response = await app.inject({ url: '/strava/oauth/authorize', query })
    const location = response.headers.location
    return {
      response,
      location,
      answer: location === undefined ? new URLSearchParams() : new URL(location).searchParams,
    }
  }
  /** Through the consent page and the token endpoint. */
  const connect = async (parameters: Record<string, string> = {}): Promise<Tokens> => {
    const { answer } = await authorize(parameters)
    return (await token({ grant_type: 'authorization_code', code: answer.get('code') ?? '' })).json()
  }
  return { post, token, authorize, connect }
}

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_at: number
  readonly expires_in: number
  readonly athlete?: { readonly id: number }
}
