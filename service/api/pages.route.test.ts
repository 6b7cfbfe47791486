import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import { describe, expect, test } from 'vitest'
import { pageRoutes } from './pages.route.ts'

const ASSETS = join(import.meta.dirname, '../web/assets')

async function createApp(): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(pageRoutes, { graphqlUrl: 'http://localhost:8080/v1/graphql' })
  return app
}

async function get(url: string) {
  return (await createApp()).inject({ url })
}

/** The policy's directives by name. */
function directives(header: unknown): Record<string, string> {
  const parts = String(header)
    .split('; ')
    .map((directive) => directive.split(' '))
  return Object.fromEntries(parts.map(([name = '', ...sources]) => [name, sources.join(' ')]))
}

describe('the pages', () => {
  test.each([
    '/vendor/pg/package.json',
    '/vendor/uplot/package.json',
    '/vendor/../package.json',
    '/assets/../index.html',
    '/assets/%2e%2e/globals.d.mts',
    '/assets/..%2f..%2fconfig.ts',
    '/assets/',
  ])('do not serve %s', async (url) => {
    expect((await get(url)).statusCode).toBeGreaterThanOrEqual(400)
  })

  test('allow the first page its own scripts and styles, and connections to GraphQL', async () => {
    const { headers } = await get('/')
    expect(directives(headers['content-security-policy'])).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'font-src': "'none'",
      'img-src': "'self' data:",
      'connect-src': "'self' http://localhost:8080 ws://localhost:8080",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    })
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'no-referrer',
    })
  })

  test('allow inline styles to GraphiQL alone, and inline scripts to nobody', async () => {
    const policy = directives((await get('/graphiql')).headers['content-security-policy'])
    expect(policy).toMatchObject({ 'style-src': "'self' 'unsafe-inline'", 'script-src': "'self'" })
  })

  test.each(['/', '/graphiql'])('%s loads only what is served here', async (page) => {
    const app = await createApp()
    const { body } = await app.inject({ url: page })
    const addresses = [...body.matchAll(/<(?:script|link|img)[^>]* (?:src|href)="([^"]*)"/g)].map(
      ([, address = '']) => address,
    )
    expect(addresses.length).toBeGreaterThan(5)
    const answers = await Promise.all(
      addresses.map(async (url) => ({ url, status: (await app.inject({ url })).statusCode })),
    )
    expect(answers).toEqual(addresses.map((url) => ({ url, status: 200 })))
  })

  test('import nothing that is not there', () => {
    const scripts = readdirSync(ASSETS).filter((file) => file.endsWith('.js'))
    const imported = scripts.flatMap((file) =>
      [...readFileSync(join(ASSETS, file), 'utf8').matchAll(/^import .* from '\.\/([^']+)'/gm)].map(([, name]) => name),
    )
    expect(imported.length).toBeGreaterThan(10)
    expect(imported.filter((name) => !scripts.includes(name ?? ''))).toEqual([])
  })

  test('tell the browser to ask again, so that an update is seen at once', async () => {
    const { headers } = await get('/assets/page.js')
    expect(headers).toMatchObject({ 'cache-control': 'no-cache', etag: expect.any(String) })
  })
})
