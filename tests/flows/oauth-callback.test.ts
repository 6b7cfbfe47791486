import Fastify from 'fastify'
import { describe, expect } from 'vitest'
import { oauthCallbackRoute } from '../../service/api/oauth-callback.route.ts'
import { startConnection } from '../../service/connections/start-connection.ts'
import { APP, type TestServices, test } from '../support/connections.ts'
import type { FakePlatform } from '../support/fake-platform.ts'

const alice = '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a01'

async function browser({ services, fake }: { services: TestServices; fake: FakePlatform }) {
  const app = Fastify()
  await app.register(oauthCallbackRoute, services)
  const { authorizationUrl } = await startConnection(services, { userId: alice, platform: 'acme' })
  const { state, code } = fake.approve(authorizationUrl, { account: '4711' })
  const visit = (query: string, method: 'GET' | 'HEAD' = 'GET') =>
    app.inject({ method, url: `/oauth/acme/callback?${query}` })
  return { state, code, visit, app }
}

describe('the page platforms send the browser back to', () => {
  test('refuses with a page that repeats nothing', async ({ services, fake }) => {
    const { state, code, visit, app } = await browser({ services, fake })
    const pages = [
      await visit(''),
      await visit(`code=${code}`),
      await visit(`state=${state}&code=`),
      await visit(`state=${state}&state=${state}&code=${code}`),
      await visit(`state=${state}&code=${code}&code=${code}`),
      await visit(`state=${state}&code=${code}&scope=a&scope=b`),
      await visit(`state=${state}&code=${code}%0d%0a`),
      await visit(`state=${state}&code=${code}&scope=%00`),
      await visit(`state=${state}&code=${'c'.repeat(5000)}`),
      await visit(`state=wrong&code=${code}&error_description=%3Cscript%3E`),
      await app.inject(`/oauth/nowhere/callback?state=${state}&code=${code}`),
      await app.inject(`/oauth/other/callback?state=${state}&code=${code}`),
    ]
    expect(pages.map((page) => page.statusCode)).toEqual(pages.map(() => 400))
    expect(new Set(pages.map((page) => page.body)).size).toBe(1)
    expect(pages[0]!.body).toContain('start again')
    for (const page of pages) {
      expect(page.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    }
    expect((await visit(`state=${state}&code=${code}`)).statusCode).toBe(303)
  })

  test('is not spent by a HEAD request', async ({ services, fake }) => {
    const { state, code, visit } = await browser({ services, fake })
    expect((await visit(`state=${state}&code=${code}`, 'HEAD')).statusCode).toBe(404)
    expect((await visit(`state=${state}&code=${code}`)).statusCode).toBe(303)
  })

  test('sends the browser on at once, and leaves no trace of code and state', async ({ services, fake }) => {
    const { state, code, visit } = await browser({ services, fake })
    const page = await visit(`state=${state}&code=${code}&scope=read,activity:read_all`)
    expect(page.statusCode).toBe(303)
    expect(page.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
    expect(page.headers.location).toMatch(/^https:\/\/app\.example\.com\/connected#handle=/)
    expect(JSON.stringify(page.headers) + page.body).not.toMatch(new RegExp(`${state}|${code}`))
    expect((await visit(`state=${state}&code=${code}`)).statusCode).toBe(400)
  })

  test('hands a refusal to the app', async ({ services, fake }) => {
    const { state, visit } = await browser({ services, fake })
    const page = await visit(`state=${state}&error=access_denied&error_description=evil`)
    expect([page.statusCode, page.headers.location]).toEqual([303, `${APP}#error=access_denied`])
  })
})
