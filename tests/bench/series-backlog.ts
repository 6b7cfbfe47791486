import pg from 'pg'
import { readAdminUrl } from '../support/admin-url.ts'

/** Series of activities: asked for after the summary is visible, and less urgent. */
export interface SeriesBacklog {
  /** Whose series are rows. */
  readonly stored: number
  /** Fetched, not yet rows. */
  readonly fetched: number
}

export async function readBacklog(dataDirectory: string): Promise<SeriesBacklog> {
  const client = new pg.Client(readAdminUrl(dataDirectory))
  await client.connect()
  try {
    const { rows } = await client.query<SeriesBacklog>(
      `select count(processed_at)::int as stored, (count(*) - count(processed_at))::int as fetched
       from public.raw_fitness_data where platform = 'strava' and data_type = 'activity_streams'`,
    )
    return rows[0] ?? { stored: Number.NaN, fetched: Number.NaN }
  } finally {
    await client.end()
  }
}
