import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { SignJWT } from 'jose'
import { z } from 'zod'
import { AppError } from '../runtime/errors.ts'
import type { Secret } from '../runtime/secret.ts'
import { websocketUrl } from './pages.route.ts'

/** One line of "What is running". */
export interface DemoService {
  readonly name: string
  readonly description: string
  readonly url?: string
}

export interface DemoOptions {
  readonly jwt: {
    /** Of HS256. */
    readonly key: Secret
    readonly issuer?: string | undefined
    readonly audience?: string | undefined
    readonly claimsNamespace: string
  }
  /** As browsers reach it, ending in /v1/graphql. */
  readonly graphqlUrl: string
  /** Absent when the platforms are the real ones: then no activity can be sent. */
  readonly simulatorUrl?: string | undefined
  /** The account at the platform that this person is connected to now. */
  readonly findAccount: (userId: string) => Promise<string | undefined>
  /** Beside the first one: platforms that a person can connect here. */
  readonly others: readonly { readonly id: string; readonly name: string }[]
  readonly services: readonly DemoService[]
  /** What a visitor should know, a sentence each. */
  readonly notes: readonly string[]
}

const PLATFORM = 'strava'
const USERS = [
  { id: '11111111-1111-4111-8111-111111111111', name: 'Ada' },
  { id: '22222222-2222-4222-8222-222222222222', name: 'Bela' },
] as const
const TOKEN_SECONDS = 15 * 60
const SIMULATOR_TIMEOUT_MS = 10_000

const DemoUser = z.object({ userId: z.enum(USERS.map(({ id }) => id)) })
const SentActivity = z.object({ name: z.string() })

/** What the first page needs beside GraphQL. It signs anybody in as a demo user, so it must never be reachable from elsewhere. */
export const demoRoutes: FastifyPluginAsync<DemoOptions> = async (app, options) => {
  const { graphqlUrl, simulatorUrl, others, services, notes, findAccount } = options
  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    refuseOtherSites(request)
  })

  const subscriptionsUrl = websocketUrl(graphqlUrl)
  const config = {
    graphqlUrl,
    subscriptionsUrl,
    simulatorUrl: simulatorUrl ?? null,
    users: USERS,
    services,
    platform: PLATFORM,
    others,
    notes,
  }
  app.get('/demo/config.json', () => config)

  // Asked from here, so that the page's policy has to allow one other origin less.
  app.get('/demo/simulator', async (_request, reply) => {
    const isUp = simulatorUrl !== undefined && (await answers(simulatorUrl))
    return reply.code(isUp ? 200 : 503).send({ status: isUp ? 'ok' : 'unavailable' })
  })

  app.post('/demo/session', (request) => signToken(options.jwt, readUser(request)))

  app.post('/demo/activity', async (request) => {
    const athleteId = await findAccount(readUser(request))
    if (athleteId === undefined || simulatorUrl === undefined)
      throw new AppError('connection/not_found', { platform: PLATFORM })
    return sendActivity(simulatorUrl, athleteId)
  })
}

/** A page of another site must neither read a token nor send anything: it can point a name of its own here, or post blindly. */
function refuseOtherSites({ headers, hostname, method, protocol, host }: FastifyRequest): void {
  const isLoopback = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
  const { origin, 'sec-fetch-site': site } = headers
  const isSameSite =
    (origin === undefined || origin === `${protocol}://${host}`) && (site === undefined || site === 'same-origin')
  if (!isLoopback || (method === 'POST' && !isSameSite)) throw new AppError('request/not_authorized')
}

function readUser({ body }: FastifyRequest): string {
  const parsed = DemoUser.safeParse(body)
  if (!parsed.success) throw new AppError('request/malformed', { problem: 'userId is not one of the demo users' })
  return parsed.data.userId
}

async function signToken(jwt: DemoOptions['jwt'], userId: string): Promise<{ token: string; expiresAt: string }> {
  const issuedAt = Math.floor(Date.now() / 1000)
  const expiresAt = issuedAt + TOKEN_SECONDS
  const claims = { 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user', 'x-hasura-user-id': userId }
  const token = new SignJWT({ [jwt.claimsNamespace]: claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
  if (jwt.issuer !== undefined) token.setIssuer(jwt.issuer)
  if (jwt.audience !== undefined) token.setAudience(jwt.audience)
  return {
    token: await token.sign(new TextEncoder().encode(jwt.key.reveal())),
    expiresAt: new Date(expiresAt * 1000).toISOString(),
  }
}

/** Has the simulated athlete finish an activity now; the webhook then comes as it would from the real platform. */
async function sendActivity(simulatorUrl: string, athleteId: string): Promise<{ name: string }> {
  try {
    const response = await fetch(`${simulatorUrl}/${PLATFORM}/simulate/activity`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ athlete_id: Number(athleteId) }),
      signal: AbortSignal.timeout(SIMULATOR_TIMEOUT_MS),
    })
    return SentActivity.parse(response.ok ? await response.json() : undefined)
  } catch (cause) {
    throw new AppError('platform/unavailable', { platform: PLATFORM }, { cause })
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(SIMULATOR_TIMEOUT_MS) }).then(
    (response) => response.status < 500,
    () => false,
  )
}
