import { isAbsolute, relative } from 'node:path'
import type { Environment } from './environment.ts'

export interface Running {
  readonly seconds: number
  readonly told: Environment
  readonly dataDirectory: string
  readonly standIn: boolean
  /** Of the embedded server; undefined when DATABASE_URL names another. */
  readonly postgresPort: number | undefined
}

const EXAMPLE_USER = '5f0c2a9e-6b1d-4c7e-9a35-0d8e4b7f1a26'

/** What a person who just started everything wants to know: what runs where, what is not as in production, what to try. */
export function describeRunning({ seconds, told, dataDirectory, standIn, postgresPort }: Running): string {
  const page = told['SERVICE_PUBLIC_URL']
  const graphql = `${told['HASURA_GRAPHQL_ENDPOINT']}/v1/graphql`
  const data = shorten(dataDirectory)
  return `
Tributary is ready after ${seconds.toFixed(1)} s.

  page        ${page}/
  GraphQL     ${graphql}${standIn ? '   (a local stand-in for Hasura)' : ''}
  Strava      ${told['STRAVA_API_URL']}${isSimulated(told) ? '   (simulated)' : ''}
  Garmin      ${told['GARMIN_API_URL']}${told['GARMIN_API_URL']?.startsWith(`${told['SIMULATOR_URL']}/`) ? '   (simulated)' : ''}
  internal    ${told['SERVICE_INTERNAL_URL']}   (actions, events, metrics)
  PostgreSQL  ${postgresPort === undefined ? 'the server of DATABASE_URL' : `port ${postgresPort}, in ${data}/postgres`}
  logs        ${data}/logs    settings and secrets of this start: ${data}/development.env

${describeDifferences(told)}Try next
  1. Open ${page}/ and connect Strava as one of the demo users.
  2. Ask as a user, in a second terminal:
     TOKEN=$(npm run --silent tributary -- token --user ${EXAMPLE_USER})
     curl -s ${graphql} -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
       -d '{"query":"{ platforms { id display_name connectable } }"}'

Ctrl-C stops everything; the data stays in ${data}.
`
}

function describeDifferences(told: Environment): string {
  const lines = []
  if (isSimulated(told))
    lines.push(
      `The simulator allows ${told['STRAVA_SIMULATOR_RATE_LIMITS']} requests (15 minutes, a day; then the same for reads):`,
      "with Strava's own limits a long history takes days. Set STRAVA_SIMULATOR_RATE_LIMITS to see imports wait.",
    )
  if (told['STRAVA_RETENTION_DAYS'] === 'off')
    lines.push(
      "Strava's rule that its data is kept for seven days is off (STRAVA_RETENTION_DAYS=off): the data here is nobody's,",
      'and years of history would go as soon as they came. In production it is on unless you say otherwise.',
    )
  return lines.length === 0 ? '' : `Not as in production\n${lines.map((line) => `  ${line}\n`).join('')}\n`
}

function isSimulated(told: Environment): boolean {
  return told['STRAVA_API_URL']?.startsWith(`${told['SIMULATOR_URL']}/`) ?? false
}

function shorten(path: string): string {
  const fromHere = relative(process.cwd(), path)
  return fromHere.startsWith('..') || isAbsolute(fromHere) ? path : fromHere || '.'
}
