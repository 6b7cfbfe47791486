import type pg from 'pg'

export interface ExportSize {
  readonly days: number
  readonly samplesPerDay: number
}

export const PERSON = '11111111-1111-4111-8111-111111111111'
/** Somebody else, whose rows lie between the person's, and what stands in each of them alone. */
const OTHER = '99999999-9999-4999-8999-999999999999'
const TEXT = 'canary-of-another'
const NUMBER = 765_432.1
export const CANARIES = [OTHER, TEXT, String(NUMBER)] as const

const FIRST = "timestamptz '2015-01-01Z'"
const STREAM_POINTS = 1_800

/** Years of one person: samples, the payloads they came in, and an activity every third day; a tenth of that of another person. */
export async function fillPeople(client: pg.Client, size: ExportSize): Promise<void> {
  await client.query("insert into platforms (id, display_name) values ('apple-health', 'Apple Health')")
  await client.query('insert into app_users (user_id) values ($1), ($2)', [PERSON, OTHER])
  await client.query(`select ops.create_sample_partitions(array(
    select (${FIRST} + k * interval '1 month')::date from generate_series(0, ${Math.ceil(size.days / 30) + 1}) as k))`)
  for (const person of [
    { userId: PERSON, text: 'Watch', number: '50 + k % 130', every: 1 },
    { userId: OTHER, text: TEXT, number: String(NUMBER), every: 10 },
  ])
    for (const statement of [samples, payloads, activities, laps, streams]) await client.query(statement(person, size))
  await client.query('analyze')
}

interface Planted {
  readonly userId: string
  readonly text: string
  /** Of the row with this `k`, as SQL. */
  readonly number: string
  readonly every: number
}

function samples({ userId, text, number, every }: Planted, { days, samplesPerDay }: ExportSize): string {
  return `
    insert into samples (user_id, kind, started_at, ended_at, platform, source, value, local_day, start_offset_seconds, source_id, raw_id, raw_created_at, observed_at)
    select '${userId}', 'heart_rate_bpm', at, at, 'apple-health', '${text}', ${number}, at::date, 3600, gen_random_uuid()::text, gen_random_uuid(), now(), at
    from generate_series(0, ${days * samplesPerDay - 1}, ${every}) as k,
      lateral (select ${FIRST} + k * interval '${86_400 / samplesPerDay} seconds' as at) as moment`
}

function payloads({ userId, text, number, every }: Planted, { days, samplesPerDay }: ExportSize): string {
  return `
    insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata, processed_at)
    select '${userId}', 'apple-health', 'export_records', page, jsonb_build_object('source', '${text}'), now()
    from (select jsonb_agg(jsonb_build_object('type', 'HKQuantityTypeIdentifierHeartRate', 'value', ${number}, 'unit', 'count/min')) as page from generate_series(1, 1000) as k) as one,
      generate_series(1, ${Math.ceil((days * samplesPerDay) / 1000)}, ${every})`
}

function activities({ userId, text, number, every }: Planted, { days }: ExportSize): string {
  return `
    insert into activities (user_id, platform, source_id, sport, source_sport, name, local_day, started_at, distance_m, elapsed_time_s, device_name, raw_id, raw_created_at, observed_at)
    select '${userId}', 'apple-health', 'run ' || k, 'run', '${text}', '${text}', at::date, at, ${number}, ${STREAM_POINTS}, '${text}', gen_random_uuid(), now(), at
    from generate_series(0, ${days - 1}, ${3 * every}) as k, lateral (select ${FIRST} + k * interval '1 day' as at) as moment`
}

function laps({ userId, number }: Planted): string {
  return `
    insert into activity_laps (user_id, activity_id, lap_number, started_at, elapsed_time_s, distance_m, raw_id, raw_created_at, observed_at)
    select user_id, id, k, started_at + (k - 1) * interval '600 seconds', 600, ${number}, raw_id, raw_created_at, observed_at
    from activities, generate_series(1, 3) as k where user_id = '${userId}'`
}

function streams({ userId, number }: Planted): string {
  return `
    insert into activity_streams (user_id, activity_id, kind, unit, offsets_s, "values", raw_id, raw_created_at, observed_at)
    select a.user_id, a.id, kind, unit, offsets, series, a.raw_id, a.raw_created_at, a.observed_at
    from activities a,
      (values ('heart_rate_bpm', '/min'), ('altitude_m', 'm'), ('distance_m', 'm'), ('speed_m_per_s', 'm/s')) as recorded (kind, unit),
      (select array_agg(k order by k) as offsets, array_agg((${number})::numeric order by k) as series from generate_series(0, ${STREAM_POINTS - 1}) as k) as one
    where a.user_id = '${userId}'`
}
