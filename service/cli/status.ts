import { GraphQLClient } from 'graphql-request'
import { graphql } from './generated/gql.ts'

const Status = graphql(`
  query Status {
    connections(order_by: { platform: asc }) {
      platform
      status
      status_reason
      last_synced_at
    }
    sync_runs(order_by: { started_at: desc }, limit: 5) {
      platform
      kind
      status
      progress
      records_fetched
      error_code
    }
    activities_aggregate {
      aggregate {
        count
        sum {
          distance_m
          moving_time_s
        }
      }
    }
  }
`)

/** What a person would see of their own data, as lines for a terminal. */
export async function showStatus({ endpoint, token }: { endpoint: string; token: string }): Promise<string> {
  const client = new GraphQLClient(endpoint, { headers: { authorization: `Bearer ${token}` } })
  const { connections, sync_runs: runs, activities_aggregate: activities } = await client.request(Status.toString())
  const connectionLines = connections.map(
    ({ platform, status, status_reason: reason, last_synced_at: last }) =>
      `  ${platform}: ${status}${reason === null ? '' : ` (${reason})`}, last data ${last ?? 'never'}`,
  )
  const runLines = runs.map(
    ({ platform, kind, status, progress, records_fetched: records, error_code: code }) =>
      `  ${platform} ${kind}: ${status}, ${Math.round(progress * 100)} %, ${records} records${code === null ? '' : `, ${code}`}`,
  )
  const { count, sum } = activities.aggregate ?? { count: 0, sum: null }
  const kilometres = Math.round((sum?.distance_m ?? 0) / 1000)
  return [
    connectionLines.length === 0 ? 'no connections yet' : 'connections:',
    ...connectionLines,
    ...(runLines.length === 0 ? [] : ['latest imports:', ...runLines]),
    `activities: ${count}, ${kilometres} km`,
    '',
  ].join('\n')
}
