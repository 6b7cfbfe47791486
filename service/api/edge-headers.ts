import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is at the other end, seen through the trusted proxies alone. */
    sourceAddress: string
  }
}

/** What only a proxy of ours may say; whoever else sends it would be believed (RFC 9700, section 4.13). */
const RESERVED =
  /^(x-forwarded-.*|forwarded|x-real-ip|x-hasura-.*|x-client-cert.*|x-ssl-.*|ssl-client-.*|x-original-.*|x-rewrite-url)$/

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  // Pages have a policy of their own; nothing else here is a document.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}
const TWO_YEARS = 63_072_000

export interface EdgeOptions {
  /** The answers reach people by https. */
  readonly secure: boolean
}

/** First of all hooks: takes the caller's address, drops what callers may not say, and sets the headers of every answer. */
export function guardEdge(app: FastifyInstance, { secure }: EdgeOptions): void {
  app.decorateRequest('sourceAddress', '')
  app.addHook('onRequest', (request, reply, done) => {
    request.sourceAddress = request.ip
    for (const name of Object.keys(request.raw.headers)) if (RESERVED.test(name)) delete request.raw.headers[name]
    reply.headers({ 'x-request-id': request.id, ...HEADERS })
    if (secure) reply.header('strict-transport-security', `max-age=${TWO_YEARS}; includeSubDomains`)
    if (request.method !== 'GET') reply.header('cache-control', 'no-store')
    done()
  })
}
