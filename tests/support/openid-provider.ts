import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { ConfiguredPlatform, PlatformOAuth } from '../../service/platforms/contract.ts'
import { Secret } from '../../service/runtime/secret.ts'

const CLIENT = { id: 'tributary', secret: 'openid-client-secret' }
const SCOPES = ['openid', 'read', 'activity:read_all']

/** A certified OpenID provider (the npm package oidc-provider) as a real HTTP server: PKCE required, refresh tokens rotate. */
export interface OpenIdProvider {
  readonly url: string
  readonly platform: ConfiguredPlatform
  /** `grant_type` of every request to the token endpoint. */
  readonly tokenRequests: string[]
  /** Whether the provider accepts an access token. */
  accepts(accessToken: string): Promise<boolean>
  close(): Promise<void>
}

export async function startOpenIdProvider(redirectUri: string): Promise<OpenIdProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const tokenRequests: string[] = []
  const provider = createProvider(url, redirectUri)
  const count = ({ oidc }: KoaContextWithOIDC) => void tokenRequests.push(String(oidc.params?.['grant_type']))
  provider.on('grant.success', count)
  provider.on('grant.error', count)
  const respond = provider.callback()
  server.on('request', (request, response) => void respond(request, response))
  return {
    url,
    platform: describePlatform(url),
    tokenRequests,
    accepts: async (token) =>
      (await fetch(`${url}/me`, { headers: { authorization: `Bearer ${token}` } })).status === 200,
    close: () => close(server),
  }
}

function createProvider(url: string, redirectUri: string): Provider {
  return new Provider(url, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    scopes: SCOPES,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    expiresWithSession: async () => false,
    features: { revocation: { enabled: true } },
    cookies: { keys: ['a key for the cookies of this test'] },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      IdToken: 3600,
      RefreshToken: 86_400,
      Grant: 86_400,
      Session: 3600,
      Interaction: 600,
    },
  })
}

/** What a folder for it would export: data, and the account out of the `sub` of the identity token. */
function describePlatform(url: string): ConfiguredPlatform {
  const oauth: PlatformOAuth = {
    clientId: CLIENT.id,
    clientSecret: new Secret(CLIENT.secret),
    hosts: [new URL(url).host],
    issuer: { value: url, alwaysSent: true },
    authorizationUrl: `${url}/auth`,
    tokenUrl: `${url}/token`,
    scopes: SCOPES,
    scopeSeparator: ' ',
    requiredScopes: ['activity:read_all'],
    authorizationParameters: {},
    grantedScopes: ({ fromToken, fromCallback }) => (fromToken ?? fromCallback ?? '').split(' '),
    platformUserId: ({ id_token: token }) => subjectOf(token),
    classifyTokenError({ status, body }) {
      const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
      if (status === 400 && error === 'invalid_grant') return 'invalid_grant'
      return status === 401 ? 'misconfigured' : 'unavailable'
    },
    revokedBy: 'refresh_token',
    revocation: (token) => ({
      method: 'POST',
      url: `${url}/token/revocation`,
      form: { token: token.reveal(), client_id: CLIENT.id, client_secret: CLIENT.secret },
    }),
  }
  const policy = {
    retentionDays: null,
    combinable: true,
    displayRules: [],
    deleteAfterSourceDeletionHours: null,
    deleteAfterDeauthorizationDays: null,
    attribution: '',
    overrideReason: null,
  }
  return { id: 'acme', displayName: 'OpenID', coverage: [], normalize: {}, policy, oauth }
}

function subjectOf(token: unknown): string | undefined {
  if (typeof token !== 'string') return undefined
  const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
  return typeof payload === 'object' && payload !== null && 'sub' in payload ? String(payload.sub) : undefined
}

/** A person's browser at the provider: signs in, then consents or not. Answers the parameters of the redirect to us. */
export async function consentAt(
  authorizationUrl: string,
  { account, refuse = false }: { account: string; refuse?: boolean },
): Promise<URLSearchParams> {
  const cookies = new Map<string, string>()
  const { origin } = new URL(authorizationUrl)
  let next = { url: authorizationUrl, body: undefined as URLSearchParams | undefined }
  for (let step = 0; step < 20; step += 1) {
    const response = await visit(next, cookies)
    const location = response.headers.get('location')
    if (location !== null) {
      const target = new URL(location, next.url)
      if (target.origin !== origin) return target.searchParams
      next = { url: target.href, body: undefined }
      continue
    }
    const page = await response.text()
    const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1] ?? ''
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? ''
    if (prompt === '') throw new Error(`no form on the page (${response.status})`)
    next = refuse
      ? { url: `${new URL(next.url).href}/abort`, body: undefined }
      : { url: new URL(action, next.url).href, body: new URLSearchParams({ prompt, login: account, password: 'any' }) }
  }
  throw new Error('the provider never sent the browser back')
}

async function visit({ url, body }: { url: string; body: URLSearchParams | undefined }, cookies: Map<string, string>) {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const response = await fetch(url, {
    redirect: 'manual',
    headers: { cookie },
    ...(body === undefined ? {} : { method: 'POST', body }),
  })
  for (const line of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (value === '') cookies.delete(name)
    else cookies.set(name, value)
  }
  return response
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
