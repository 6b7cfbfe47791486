import Fastify from 'fastify'
import { describe, expect } from 'vitest'
import { oauthCallbackRoute } from '../../service/api/oauth-callback.route.ts'
import { acceptCallback } from '../../service/connections/accept-callback.ts'
import { startConnection } from '../../service/connections/start-connection.ts'
import { APP, type TestServices, test } from '../support/connections.ts'
import type { FakePlatform } from '../support/fake-platform.ts'

const alice = '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a01'
const start = { userId: alice, platform: 'acme' }
const answer = { platform: 'acme', error: undefined, scope: 'read,activity:read_all' }

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

describe('the callback', () => {
  test('is refused with a state that is unknown, expired or of another platform, and nothing is asked of the platform', async ({
    db,
    services,
    fake,
  }) => {
    const { authorizationUrl } = await startConnection(services, start)
    const { state, code } = fake.approve(authorizationUrl, { account: '4711' })
    const attempts = [
      { ...answer, code, state: undefined },
      { ...answer, code, state: '' },
      { ...answer, code, state: state.toUpperCase() },
      { ...answer, code, state, platform: 'other' },
      { ...answer, code: undefined, state },
      { ...answer, code: undefined, state, error: 'access_denied', platform: 'other' },
    ]
    for (const attempt of attempts)
      await expect(acceptCallback(services, attempt)).rejects.toThrow('connection/handle_invalid')
    await db.admin.query(`update vault.oauth_states set expires_at = now() - interval '1 second'`)
    await expect(acceptCallback(services, { ...answer, code, state })).rejects.toThrow('connection/handle_invalid')
    expect(fake.tokenRequests).toEqual([])
  })

  test('is accepted once when it comes twice at once', async ({ services, fake }) => {
    const { authorizationUrl } = await startConnection(services, start)
    const { state, code } = fake.approve(authorizationUrl, { account: '4711' })
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => acceptCallback(services, { ...answer, state, code })))
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
  })

  test('sends the browser back with a handle and asks nothing of the platform', async ({ db, services, fake }) => {
    const { authorizationUrl } = await startConnection(services, start)
    const { state, code } = fake.approve(authorizationUrl, { account: '4711' })
    const { location } = await acceptCallback(services, { ...answer, state, code })
    expect(location).toMatch(/^https:\/\/app\.example\.com\/connected#handle=[A-Za-z0-9_-]{43}$/)
    expect(fake.tokenRequests).toEqual([])
    const { rows } = await db.admin.query(`
      select encode(code_sealed, 'escape') as code, encode(handle_hash, 'escape') as handle,
        expires_at between now() + interval '50 seconds' and now() + interval '60 seconds' as a_minute
      from vault.oauth_states`)
    expect(rows[0].a_minute).toBe(true)
    expect(rows[0].code).not.toContain(code)
    expect(rows[0].handle).not.toContain(location.split('=')[1])
  })

  test('passes a refusal on in a word of its own and ends the attempt', async ({ db, services, fake }) => {
    for (const [error, word] of [
      ['access_denied', 'access_denied'],
      ['<script>', 'authorization_failed'],
    ] as const) {
      const { authorizationUrl } = await startConnection(services, start)
      const { state, code } = fake.approve(authorizationUrl, { account: '4711' })
      expect(await acceptCallback(services, { ...answer, state, code, error })).toEqual({
        location: `${APP}#error=${word}`,
      })
      await expect(acceptCallback(services, { ...answer, state, code })).rejects.toThrow('connection/handle_invalid')
    }
    expect((await db.admin.query('select 1 from vault.oauth_states')).rowCount).toBe(0)
  })
})
