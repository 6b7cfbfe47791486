import { describe, expect, test } from 'vitest'
import type { PlatformOAuth } from '../platforms/contract.ts'
import { Secret } from '../runtime/secret.ts'
import { callbackUrl, checkHost, grantedOf, isFromIssuer, issuerOf } from './platform-oauth.ts'

const oauth: PlatformOAuth = {
  clientId: 'c',
  clientSecret: new Secret('s'),
  authorizationUrl: 'https://as.example.com/authorize',
  tokenUrl: 'https://as.example.com/token',
  hosts: ['as.example.com', 'localhost:4000'],
  scopes: ['read', 'write'],
  scopeSeparator: ' ',
  requiredScopes: ['read'],
  authorizationParameters: {},
  grantedScopes: ({ fromCallback, fromToken }) => (fromToken ?? fromCallback ?? '').split(' '),
  platformUserId: () => '1',
  classifyTokenError: () => 'unavailable',
  revokedBy: 'refresh_token',
  revocation: () => ({ method: 'POST', url: 'https://as.example.com/revoke' }),
}
const ISSUER = 'https://as.example.com'
const sending = { ...oauth, issuer: { value: ISSUER, alwaysSent: true } }
const silent = { ...oauth, issuer: { value: ISSUER, alwaysSent: false } }

describe('the issuer of an answer', () => {
  test.for([
    'https://as.example.com/',
    'https://AS.example.com',
    'https://as.example.com:443',
    'http://as.example.com',
    'https://as.example.com%2f',
    'https://evil.example.com',
    '',
  ])('is never %j, for it is compared as text', (iss) => {
    expect(isFromIssuer(sending, iss)).toBe(false)
    expect(isFromIssuer(silent, iss)).toBe(false)
  })

  test('may be missing only where the platform is not known to send it always', () => {
    expect(isFromIssuer(sending, undefined)).toBe(false)
    expect(isFromIssuer(silent, undefined)).toBe(true)
  })

  test('is the one that is configured, and does not matter where none is', () => {
    expect(isFromIssuer(sending, ISSUER)).toBe(true)
    expect(isFromIssuer(oauth, undefined)).toBe(true)
    expect(isFromIssuer(oauth, 'https://evil.example.com')).toBe(true)
  })
})

describe('a host that secrets are sent to', () => {
  test.for([
    'https://evil.example.com/token',
    'https://as.example.com.evil.example.com/token',
    'https://as.example.com@evil.example.com/token',
    'https://as.example.com:8443/token',
    'http://localhost:4001/token',
    'http://localhost/token',
  ])('is never that of %s', (url) => {
    expect(() => checkHost(oauth, url)).toThrow('platform/misconfigured')
  })

  test('is on the list', () => {
    expect(() => checkHost(oauth, 'https://as.example.com/token')).not.toThrow()
    expect(() => checkHost(oauth, 'http://localhost:4000/x')).not.toThrow()
  })
})

describe('what was granted', () => {
  test('is never more than was asked for, whatever the redirect claims', () => {
    const claimed = `read admin write:all ${'x'.repeat(2000)}`
    expect(grantedOf(oauth, { fromCallback: claimed, fromToken: null })).toEqual(['read'])
  })

  test('is what the platform itself says, where it says so', () => {
    expect(grantedOf(oauth, { fromCallback: 'read write', fromToken: 'write' })).toEqual(['write'])
  })
})

describe('an attempt', () => {
  test('is bound to both endpoints and to the issuer', () => {
    expect(issuerOf(oauth)).toBe('https://as.example.com/authorize https://as.example.com/token')
    expect(issuerOf(sending)).toBe(`${ISSUER} https://as.example.com/authorize https://as.example.com/token`)
  })

  test('comes back to an address of its own for each platform', () => {
    expect(callbackUrl('https://service.example.com', 'strava')).toBe(
      'https://service.example.com/oauth/strava/callback',
    )
    expect(callbackUrl('https://service.example.com', 'garmin')).toBe(
      'https://service.example.com/oauth/garmin/callback',
    )
  })
})
