import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync, FastifyReply } from 'fastify'

export interface PagesOptions {
  /** GraphQL as browsers reach it, for example http://localhost:8080/v1/graphql. */
  readonly graphqlUrl: string
}

const WEB = join(import.meta.dirname, '../web')
const MODULES = join(import.meta.dirname, '../../node_modules')

// By name, so that nothing else of node_modules can be fetched.
const VENDOR_FILES = [
  'uplot/dist/uPlot.iife.min.js',
  'uplot/dist/uPlot.min.css',
  'graphql-ws/umd/graphql-ws.min.js',
  'graphiql/graphiql.min.js',
  'graphiql/graphiql.min.css',
  'react/umd/react.production.min.js',
  'react-dom/umd/react-dom.production.min.js',
]

/** The first page, GraphiQL and what they load. All of it is local: the pages work without the internet. */
export const pageRoutes: FastifyPluginAsync<PagesOptions> = async (app, { graphqlUrl }) => {
  const connectTo = [graphqlUrl, websocketUrl(graphqlUrl)].map((url) => originOf(url))
  await app.register(fastifyStatic, {
    root: join(WEB, 'assets'),
    prefix: '/assets/',
    cacheControl: false,
    index: false,
  })
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-cache')
  })

  const policy = contentSecurityPolicy({ connectTo, style: "'self'", font: "'none'" })
  app.get('/', (_request, reply) => sendPage(reply, { file: 'index.html', policy }))
  // GraphiQL's editor and menus write style elements, and its fonts are inside its style sheet.
  const relaxed = contentSecurityPolicy({ connectTo, style: "'self' 'unsafe-inline'", font: 'data:' })
  app.get('/graphiql', (_request, reply) => sendPage(reply, { file: 'graphiql.html', policy: relaxed }))
  app.get('/favicon.ico', (_request, reply) => reply.redirect('/assets/logo.svg', 308))
  for (const file of VENDOR_FILES) app.get(`/vendor/${file}`, (_request, reply) => reply.sendFile(file, MODULES))
}

function sendPage(reply: FastifyReply, { file, policy }: { file: string; policy: string }): FastifyReply {
  reply.headers({
    'cache-control': 'no-store',
    'content-security-policy': policy,
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  })
  return reply.sendFile(file, WEB)
}

function contentSecurityPolicy(allowed: { connectTo: readonly string[]; style: string; font: string }): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src ${allowed.style}`,
    `font-src ${allowed.font}`,
    "img-src 'self' data:",
    `connect-src 'self' ${allowed.connectTo.join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function originOf(url: string): string {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}

/** The same address for subscriptions: http becomes ws, https becomes wss. */
export function websocketUrl(url: string): string {
  return url.replace(/^http/, 'ws')
}
