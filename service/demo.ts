import type { DemoOptions } from './api/demo.route.ts'
import { sql } from './runtime/sql.ts'
import type { Wiring } from './wiring.ts'

/** What the first page shows and may do. Throws when the demo has no key to sign its users' tokens with. */
export function demoOptions({ config, db }: Wiring): DemoOptions {
  const { jwt, publicUrl } = config.hasura
  if (jwt?.key === undefined || jwt.type !== 'HS256')
    throw new Error('DEMO needs HASURA_GRAPHQL_JWT_SECRET of type HS256')
  return {
    jwt: {
      key: jwt.key,
      issuer: jwt.issuer,
      audience: [jwt.audience ?? []].flat()[0],
      claimsNamespace: jwt.claims_namespace,
    },
    graphqlUrl: `${publicUrl}/v1/graphql`,
    simulatorUrl: config.simulatorUrl,
    others: [...config.platforms.values()]
      .filter(({ id, oauth }) => oauth !== undefined && id !== 'strava')
      .map(({ id, displayName }) => ({ id, name: displayName })),
    services: describeServices(config),
    notes:
      config.simulatorUrl === undefined
        ? []
        : ['The platforms are simulated: no account is needed and no real data is touched.'],
    async findAccount(userId) {
      const { rows } = await db.query<{ account: string }>(sql`
        select platform_user_id as account from public.connections
        where user_id = ${userId}::uuid and platform = 'strava' and status in ('active', 'limited')`)
      return rows[0]?.account
    },
  }
}

function describeServices({ servicePublicUrl, hasura, simulatorUrl }: Wiring['config']): DemoOptions['services'] {
  const simulator = {
    name: 'Simulators',
    description: 'Consent pages, APIs, rate limits and webhooks as the platforms document them',
  }
  return [
    {
      name: 'Service',
      description: 'Connects accounts, receives webhooks, imports and normalizes',
      url: servicePublicUrl,
    },
    {
      name: 'GraphQL',
      description: 'Serves the data, each person seeing only their own rows',
      url: `${hasura.publicUrl}/v1/graphql`,
    },
    ...(simulatorUrl === undefined ? [] : [{ ...simulator, url: simulatorUrl }]),
  ]
}
