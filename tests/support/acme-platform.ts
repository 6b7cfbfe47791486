import type { ConfiguredPlatform, RefreshFailure } from '../../service/platforms/contract.ts'
import { Secret } from '../../service/runtime/secret.ts'

/** The fake platform as the service sees it; also for processes that tests start. */
export function describePlatform(id: string, url: string): ConfiguredPlatform {
  return {
    id,
    displayName: 'Acme',
    coverage: [],
    normalize: {},
    policy: {
      retentionDays: null,
      combinable: true,
      displayRules: [],
      deleteAfterSourceDeletionHours: null,
      deleteAfterDeauthorizationDays: null,
      attribution: '',
      overrideReason: null,
    },
    oauth: {
      clientId: 'client-1',
      clientSecret: new Secret('client-secret-1'),
      hosts: [new URL(url).host],
      authorizationUrl: `${url}/authorize`,
      tokenUrl: `${url}/token`,
      scopes: ['read', 'activity:read_all'],
      scopeSeparator: ',',
      requiredScopes: ['activity:read_all'],
      authorizationParameters: { approval_prompt: 'auto' },
      grantedScopes: ({ fromCallback, fromToken }) =>
        (fromCallback ?? fromToken ?? '').split(',').filter((scope) => scope !== ''),
      platformUserId: ({ account }) =>
        typeof account === 'object' && account !== null && 'id' in account ? String(account.id) : undefined,
      classifyTokenError,
      revokedBy: 'refresh_token',
      revocation: (token) => ({ method: 'POST', url: `${url}/revoke`, form: { token: token.reveal() } }),
    },
  }
}

function classifyTokenError({ status, body }: { status: number; body: unknown }): RefreshFailure {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
  if (status === 400 && error === 'invalid_grant') return 'invalid_grant'
  if (status === 401 || status === 403 || error === 'invalid_client') return 'misconfigured'
  return status === 429 ? 'rate_limited' : 'unavailable'
}
