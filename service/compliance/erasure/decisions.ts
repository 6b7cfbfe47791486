/** What becomes of the rows about a person when they are erased. */
export type Decision =
  /** Deleted by `user_id`, a few thousand at a time. */
  | { readonly becomes: 'deleted' }
  /** Deleted with the row it belongs to, by a foreign key. */
  | { readonly becomes: 'deleted_with'; readonly owner: string }
  /** Keys: what they sealed, copies in backups included, can be read no more. */
  | { readonly becomes: 'shredded' }
  /** The event stays, what names the person goes, salts included: every proof still holds. */
  | { readonly becomes: 'forgotten' }
  /** Done by a step of its own; `how` says which rows it finds. */
  | { readonly becomes: 'searched'; readonly how: 'deliveries' | 'jobs' | 'rate_limits' | 'event_log' }
  | { readonly becomes: 'kept'; readonly why: string; readonly basis: string; readonly until: string }
  /** Nobody's. */
  | { readonly becomes: 'untouched'; readonly why: string }

const deleted = { becomes: 'deleted' } as const
const withOwner = (owner: string) => ({ becomes: 'deleted_with', owner }) as const
const reference = { becomes: 'untouched', why: 'reference data' } as const
const own = (why: string) => ({ becomes: 'untouched', why }) as const
const PROOF = 'GDPR Art. 17(3)(b) and (e), Art. 5(2)'

/**
 * Every table there is. A test walks the schema: a table that is not in here, or one with a path to a person that is said to be
 * nobody's, stops the build. The big ones come first.
 */
export const DECISIONS: Readonly<Record<string, Decision>> = {
  'public.samples': deleted,
  'public.raw_fitness_data': deleted,
  'public.activity_streams': deleted,
  'public.activity_laps': deleted,
  'public.activity_zones': deleted,
  'public.activity_duplicates': deleted,
  'public.activities': deleted,
  'public.sleep_stages': deleted,
  'public.sleep_sessions': deleted,
  'public.daily_metrics': deleted,
  'public.merged_metrics': deleted,
  'public.daily_summaries': deleted,
  'public.user_fitness_summary': deleted,
  'public.source_priorities': deleted,
  'public.policy_effects': deleted,
  'public.dead_letters': deleted,
  'public.breach_notifications': withOwner('public.app_users'),
  'public.consents': withOwner('public.app_users'),
  'public.connection_strategy_changes': deleted,
  'public.reconciliation_reports': deleted,
  'public.reconciliation_findings': withOwner('public.reconciliation_reports'),
  'ops.failed_notices': deleted,
  'public.sync_runs': withOwner('public.app_users'),
  'public.connections': withOwner('public.app_users'),
  'public.api_keys': withOwner('public.app_users'),
  'public.emergency_accesses': withOwner('public.app_users'),
  'public.data_requests': deleted,
  'public.data_exports': deleted,
  'ops.export_chunks': withOwner('public.data_exports'),
  'public.processing_activities': deleted,
  'public.legal_holds': withOwner('public.app_users'),
  'public.app_users': deleted,
  'ops.upload_chunks': deleted,
  'ops.uploads': deleted,
  'ops.rejected_records': withOwner('public.raw_fitness_data'),
  'ops.deleted_records': deleted,
  'ops.delivered_items': deleted,
  'ops.callbacks': deleted,
  'ops.requested_windows': deleted,
  'ops.sync_plans': withOwner('public.connections'),
  'ops.summary_rebuilds': deleted,
  'ops.dead_jobs': withOwner('public.dead_letters'),
  'ops.api_key_digests': withOwner('public.api_keys'),
  /** The keys of files outside: what they seal can be read no more, and the files are deleted besides. */
  'ops.archives': deleted,
  'ops.webhook_deliveries': { becomes: 'searched', how: 'deliveries' },
  'ops.webhook_delivery_chunks': withOwner('ops.webhook_deliveries'),
  'ops.rate_limits': { becomes: 'searched', how: 'rate_limits' },
  'vault.user_keys': { becomes: 'shredded' },
  'vault.tokens': deleted,
  'vault.oauth_states': deleted,
  'vault.pending_revocations': {
    becomes: 'kept',
    why: 'sealed tokens, for telling the platform that the person has gone',
    basis: 'GDPR Art. 19',
    until: 'the platform confirms, seven days at most',
  },
  'audit.personal_values': { becomes: 'forgotten' },
  'audit.events': { becomes: 'kept', why: 'what was done, without whom', basis: PROOF, until: 'six years' },
  'audit.chain': { becomes: 'kept', why: 'hashes of events', basis: PROOF, until: 'six years' },
  'audit.tree_heads': { becomes: 'kept', why: 'signed hashes of hashes', basis: PROOF, until: 'six years' },
  'audit.unsealed': own('ids of events that are not chained yet'),
  'public.erasures': {
    becomes: 'kept',
    why: 'this report, a digest in place of the person',
    basis: PROOF,
    until: 'six years',
  },
  'ops.erasure_revocations': { becomes: 'kept', why: "platforms' answers", basis: PROOF, until: 'six years' },
  'ops.erasure_tombstones': {
    becomes: 'kept',
    why: 'digests that keep the person from coming back',
    basis: 'GDPR Art. 17(1), Art. 5(2)',
    until: 'the installation ends',
  },
  'ops.erasure_ledger': {
    becomes: 'kept',
    why: 'an HMAC that keeps restored backups from bringing the person back',
    basis: 'GDPR Art. 17(1), Art. 5(2)',
    until: 'the installation ends',
  },
  'graphile_worker._private_jobs': { becomes: 'searched', how: 'jobs' },
  'graphile_worker._private_job_queues': own('names of queues; none carries a person'),
  'graphile_worker._private_known_crontabs': own('schedules'),
  'graphile_worker._private_tasks': own('names of tasks'),
  'graphile_worker.migrations': own('bookkeeping of the queue'),
  'hdb_catalog.event_log': { becomes: 'searched', how: 'event_log' },
  'hdb_catalog.event_invocation_logs': { becomes: 'searched', how: 'event_log' },
  'hdb_catalog.hdb_action_log': { becomes: 'searched', how: 'event_log' },
  'hdb_catalog.hdb_event_log_cleanups': own('schedules'),
  'hdb_catalog.hdb_source_catalog_version': own('a version'),
  'ops.repeatable_applied': own('bookkeeping of deploys'),
  'ops.schema_migrations': own('bookkeeping of deploys'),
  'ops.request_budgets': own('counts of requests to a platform'),
  'ops.request_pauses': own('a platform is left alone'),
  'ops.circuit_breakers': own('how platforms do'),
  'ops.job_rates': own('counts of jobs'),
  'ops.token_endpoints': own('how token endpoints do'),
  'ops.webhook_subscriptions': own('our own subscriptions'),
  'ops.workers': own('our own processes'),
  'vault.master_key_versions': own('no key of a person'),
  'vault.purpose_keys': own('no key of a person'),
  'public.key_rotations': own('acts of operators'),
  'public.role_platform_restrictions': own('rules for roles'),
  'public.breach_rules': reference,
  'public.breaches': own('what happened; people stand in breach_notifications'),
  'public.breach_clocks': own('when somebody was told'),
  'public.connection_statuses': reference,
  'public.consent_purposes': reference,
  'public.consent_texts': reference,
  'public.default_source_priorities': reference,
  'public.metric_categories': reference,
  'public.metric_kinds': reference,
  'public.platforms': reference,
  'public.sports': reference,
  'public.sync_run_kinds': reference,
  'public.sync_run_statuses': reference,
  'public.sync_strategies': reference,
}

export function tablesThat(...becomes: readonly Decision['becomes'][]): readonly string[] {
  return Object.entries(DECISIONS)
    .filter(([, decision]) => becomes.includes(decision.becomes))
    .map(([table]) => table)
}
