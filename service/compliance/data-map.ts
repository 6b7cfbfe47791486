import type { PurposeId } from './purposes.ts'

/** What of a table a person gets in their copy. */
export type InExport =
  /** `restored`: written again when a copy is imported into an empty installation. */
  | { readonly as: 'rows'; readonly omit?: readonly string[]; readonly restored?: true }
  | { readonly as: 'nothing'; readonly why: string }

export interface DataOfPerson {
  readonly purpose: PurposeId
  /** The kind of data, in words for a person. */
  readonly what: string
  /** Where it comes from. */
  readonly source: 'platforms' | 'person' | 'made here'
  /** Data concerning health (Art. 4(15)). */
  readonly health?: true
  readonly export: InExport
}

const restored = { as: 'rows', restored: true } as const
const rows = { as: 'rows' } as const
const without = (omit: readonly string[]) => ({ as: 'rows', omit }) as const
const nothing = (why: string) => ({ as: 'nothing', why }) as const
const entry = (source: DataOfPerson['source']) => (purpose: PurposeId, what: string, form: InExport) =>
  ({ purpose, what, source, export: form }) as const
const ofPlatforms = entry('platforms')
const ofPerson = entry('person')
const madeHere = entry('made here')
const health = (data: DataOfPerson): DataOfPerson => ({ ...data, health: true })
const SECRET = 'a secret with which somebody could act in the person’s name'
const SEALED = 'sealed pieces on their way; what they hold is in raw_fitness_data'
const TRAIL = 'names others, too; the person’s part is access_log'

/**
 * Every table and view with a path to a person, and what becomes of it in their copy; a test walks the schema and holds this list to it.
 * In the order in which an import has to write them.
 */
export const DATA_MAP: Readonly<Record<string, DataOfPerson>> = {
  'public.app_users': ofPerson('connection', 'the person, and their time zone', restored),
  'public.connections': ofPlatforms('connection', 'connections to platforms, with the account there', rows),
  'public.raw_fitness_data': health(ofPlatforms('collection', 'payloads as the platforms sent them', restored)),
  'public.activities': health(ofPlatforms('collection', 'activities', restored)),
  'public.activity_streams': health(
    ofPlatforms('collection', 'series of activities: heart rate, speed, power', restored),
  ),
  'public.activity_laps': health(ofPlatforms('collection', 'laps', restored)),
  'public.activity_zones': health(ofPlatforms('collection', 'time in training zones', restored)),
  'public.samples': health(ofPlatforms('collection', 'measurements', restored)),
  'public.sleep_sessions': health(ofPlatforms('collection', 'sleep', restored)),
  'public.sleep_stages': health(ofPlatforms('collection', 'stages of sleep', restored)),
  'public.daily_metrics': health(ofPlatforms('collection', 'numbers of a day, by platform', restored)),
  'public.user_fitness_summary': madeHere('collection', 'how many payloads came on which day', rows),
  'public.activity_duplicates': madeHere('merging', 'activities that several devices recorded', restored),
  'public.merged_metrics': health(madeHere('merging', 'merged numbers of a day', restored)),
  'public.daily_summaries': health(madeHere('merging', 'summaries of a day', restored)),
  'public.source_priorities': ofPerson('merging', 'whose word counts, as the person ordered it', restored),
  'public.policy_effects': madeHere('collection', 'how much a platform’s policy removed', rows),
  'public.sync_runs': madeHere('connection', 'imports', without(['next_cursor'])),
  'public.connection_strategy_changes': madeHere('connection', 'why a platform is asked in another way', rows),
  'public.reconciliation_reports': madeHere('connection', 'comparisons with the platform', rows),
  'public.reconciliation_findings': madeHere('connection', 'what a comparison found', rows),
  'public.dead_letters': madeHere('connection', 'work that failed', without(['payload'])),
  'public.api_keys': ofPerson('security', 'API keys, without the keys themselves', without(['created_by'])),
  'public.consents': ofPerson('rights', 'consent given and withdrawn', rows),
  'public.data_requests': ofPerson('rights', 'requests to us', rows),
  'public.data_exports': madeHere('rights', 'copies that were asked for', without(['attempt', 'download_until'])),
  'public.erasures': ofPerson(
    'rights',
    'erasures that were asked for',
    without(['requested_by', 'subject_digest', 'report', 'report_signature', 'report_key']),
  ),
  'public.legal_holds': madeHere('rights', 'orders to keep data', without(['placed_by', 'released_by'])),
  'public.processing_activities': madeHere('rights', 'what was done with the data', rows),
  'public.emergency_accesses': madeHere(
    'security',
    'emergency accesses to the data',
    without(['requested_by', 'approved_by']),
  ),
  'public.breach_notifications': madeHere(
    'rights',
    'breaches that the person was told of',
    without(['attempts', 'receipt']),
  ),
  'public.access_log': madeHere('security', 'who did what with the data', rows),
  'ops.uploads': ofPerson('collection', 'files that were uploaded', rows),
  'ops.deleted_records': ofPlatforms('collection', 'records deleted at the platform', rows),
  'ops.failed_notices': madeHere('connection', 'notices that could not be acted on', rows),
  'ops.rejected_records': madeHere('collection', 'records that could not be read', rows),
  'ops.requested_windows': madeHere('connection', 'history that was asked for', rows),
  'ops.sync_plans': madeHere('connection', 'when a platform is asked next', without(['poll_digest'])),
  'ops.callbacks': ofPlatforms('connection', 'addresses at which data waits', without(['url_sealed', 'url_digest'])),
  'ops.delivered_items': madeHere(
    'connection',
    'hashes and ids by which repetitions are known',
    nothing('of payloads that are in raw_fitness_data'),
  ),
  'ops.summary_rebuilds': madeHere('merging', 'days to be merged anew', nothing('a queue; empty within moments')),
  'ops.upload_chunks': health(ofPerson('collection', 'uploaded files until they are read', nothing(SEALED))),
  'ops.export_chunks': health(madeHere('rights', 'the copy itself until it is fetched', nothing('this very file'))),
  'ops.archives': health(
    madeHere(
      'collection',
      'which months are kept as files outside',
      without(['sha256', 'rows_digest', 'backup_key_id', 'key_wrapped']),
    ),
  ),
  'ops.api_key_digests': madeHere('security', 'hashes of API keys', nothing(SECRET)),
  'ops.dead_jobs': madeHere('connection', 'jobs that failed', nothing('the queue’s own form of dead_letters')),
  'ops.erasure_revocations': madeHere(
    'rights',
    'platforms told of an erasure',
    nothing('exists only once the person is gone'),
  ),
  'vault.tokens': ofPlatforms('connection', 'tokens of platforms, sealed', nothing(SECRET)),
  'vault.user_keys': madeHere('security', 'the person’s key, wrapped', nothing(SECRET)),
  'vault.oauth_states': madeHere('connection', 'attempts to connect, for ten minutes', nothing(SECRET)),
  'vault.pending_revocations': ofPlatforms('connection', 'tokens to be revoked, sealed', nothing(SECRET)),
  'audit.personal_values': madeHere('security', 'whom events of the audit trail are about', nothing(TRAIL)),
}

/** Tables without a path that hold something of persons nevertheless. */
export const FOUND_BY_SEARCH: Readonly<Record<string, string>> = {
  'ops.webhook_deliveries':
    'deliveries of platforms, of many people at once, sealed; emptied after WEBHOOK_RETENTION_DAYS',
  'ops.webhook_delivery_chunks': 'as above',
  'ops.rate_limits': 'counts of requests, for a minute',
  'graphile_worker._private_jobs': 'ids in jobs, until they are done',
  'hdb_catalog.event_log': 'ids in events, until EVENT_LOG_RETENTION_DAYS',
}

export function exportedTables(): readonly {
  readonly name: string
  readonly data: DataOfPerson
  readonly omit: readonly string[]
}[] {
  return Object.entries(DATA_MAP).flatMap(([name, data]) =>
    data.export.as === 'rows' ? [{ name, data, omit: data.export.omit ?? [] }] : [],
  )
}
