import { createHmac } from 'node:crypto'
import type { FastifyPluginAsync } from 'fastify'
import type { Simulation } from './simulation.ts'
import { PERMISSIONS } from './state.ts'
import { tokens } from './token.route.ts'

/** A person n of OAuth 1.0a has the token `legacy-n` with the secret `legacy-secret-n`; it is good once. */
export const exchangeRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const used = new Set<string>()
  app.post('/partner-gateway/rest/user/token-exchange', async (request, reply) => {
    const given = readHeader(request.headers.authorization ?? '')
    const person = Number(/^legacy-([1-9]\d{0,4})$/.exec(given.get('oauth_token') ?? '')?.[1])
    const { clientId, clientSecret } = simulation.options
    const url = `${request.protocol}://${request.host}${request.url}`
    const expected = sign(given, { url, key: `${clientSecret}&legacy-secret-${person}` })
    const isGood = given.get('oauth_consumer_key') === clientId && given.get('oauth_signature') === expected
    if (!isGood || Number.isNaN(person) || used.has(String(person)))
      return reply.code(401).send({ errorMessage: 'invalid signature or token' })
    used.add(String(person))
    return tokens(simulation.grants.create(person, PERMISSIONS))
  })
}

function readHeader(header: string): Map<string, string> {
  const pairs = [...header.matchAll(/(oauth_\w+)="([^"]*)"/g)]
  return new Map(pairs.map(([, name = '', value = '']) => [name, decodeURIComponent(value)]))
}

/** RFC 5849, 3.4; neither these secrets nor this address need more than the usual escapes. */
function sign(given: ReadonlyMap<string, string>, { url, key }: { url: string; key: string }): string {
  const names = [...given.keys()].filter((name) => name !== 'oauth_signature').sort()
  const parameters = names.map((name) => `${name}=${encodeURIComponent(given.get(name) ?? '')}`).join('&')
  const base = `POST&${encodeURIComponent(url)}&${encodeURIComponent(parameters)}`
  return createHmac('sha1', key).update(base).digest('base64')
}
