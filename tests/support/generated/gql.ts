/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  mutation Connect($platform: String!, $redirectUri: String) {\n    connectPlatform(platform: $platform, redirectUri: $redirectUri) {\n      authorizationUrl\n      expiresAt\n    }\n  }\n": typeof types.ConnectDocument,
    "\n  query CurrentConsentTexts($platform: String!) {\n    current_consent_texts(where: { platform: { _eq: $platform } }) {\n      purpose\n      version\n      locale\n    }\n  }\n": typeof types.CurrentConsentTextsDocument,
    "\n  mutation Agree($consents: [ConsentInput!]!) {\n    updateConsents(consents: $consents) {\n      consents {\n        platform\n        purpose\n        status\n      }\n    }\n  }\n": typeof types.AgreeDocument,
    "\n  mutation Complete($handle: String, $platform: String, $code: String, $state: String) {\n    completeConnection(handle: $handle, platform: $platform, code: $code, state: $state) {\n      connectionId\n      platform\n      status\n      missingScopes\n      syncRunId\n    }\n  }\n": typeof types.CompleteDocument,
    "\n  mutation Disconnect($platform: String!) {\n    disconnectPlatform(platform: $platform) {\n      platform\n      status\n      platformConfirmed\n    }\n  }\n": typeof types.DisconnectDocument,
    "\n  mutation Sync($platform: String!) {\n    syncNow(platform: $platform) {\n      syncRunId\n      syncRun {\n        kind\n        status\n      }\n    }\n  }\n": typeof types.SyncDocument,
    "\n  query Runs($kind: String!) {\n    sync_runs(where: { kind: { _eq: $kind } }, order_by: { started_at: desc }) {\n      id\n      status\n      progress\n      pages_fetched\n      records_fetched\n      error_code\n    }\n  }\n": typeof types.RunsDocument,
    "\n  query Summaries {\n    daily_summaries(order_by: { local_day: asc }) {\n      local_day\n      activity_count\n      distance_m\n      moving_time_s\n    }\n  }\n": typeof types.SummariesDocument,
    "\n  query Activities {\n    activities(order_by: [{ local_day: asc }, { source_id: asc }]) {\n      source_id\n      source_sport\n      sport\n      local_day\n      started_at\n      start_time_hidden\n      start_offset_seconds\n      distance_m\n      moving_time_s\n      manual\n      has_route\n    }\n  }\n": typeof types.ActivitiesDocument,
    "\n  query ActivityCount {\n    daily_summaries_aggregate {\n      aggregate {\n        sum {\n          activity_count\n        }\n      }\n    }\n  }\n": typeof types.ActivityCountDocument,
};
const documents: Documents = {
    "\n  mutation Connect($platform: String!, $redirectUri: String) {\n    connectPlatform(platform: $platform, redirectUri: $redirectUri) {\n      authorizationUrl\n      expiresAt\n    }\n  }\n": types.ConnectDocument,
    "\n  query CurrentConsentTexts($platform: String!) {\n    current_consent_texts(where: { platform: { _eq: $platform } }) {\n      purpose\n      version\n      locale\n    }\n  }\n": types.CurrentConsentTextsDocument,
    "\n  mutation Agree($consents: [ConsentInput!]!) {\n    updateConsents(consents: $consents) {\n      consents {\n        platform\n        purpose\n        status\n      }\n    }\n  }\n": types.AgreeDocument,
    "\n  mutation Complete($handle: String, $platform: String, $code: String, $state: String) {\n    completeConnection(handle: $handle, platform: $platform, code: $code, state: $state) {\n      connectionId\n      platform\n      status\n      missingScopes\n      syncRunId\n    }\n  }\n": types.CompleteDocument,
    "\n  mutation Disconnect($platform: String!) {\n    disconnectPlatform(platform: $platform) {\n      platform\n      status\n      platformConfirmed\n    }\n  }\n": types.DisconnectDocument,
    "\n  mutation Sync($platform: String!) {\n    syncNow(platform: $platform) {\n      syncRunId\n      syncRun {\n        kind\n        status\n      }\n    }\n  }\n": types.SyncDocument,
    "\n  query Runs($kind: String!) {\n    sync_runs(where: { kind: { _eq: $kind } }, order_by: { started_at: desc }) {\n      id\n      status\n      progress\n      pages_fetched\n      records_fetched\n      error_code\n    }\n  }\n": types.RunsDocument,
    "\n  query Summaries {\n    daily_summaries(order_by: { local_day: asc }) {\n      local_day\n      activity_count\n      distance_m\n      moving_time_s\n    }\n  }\n": types.SummariesDocument,
    "\n  query Activities {\n    activities(order_by: [{ local_day: asc }, { source_id: asc }]) {\n      source_id\n      source_sport\n      sport\n      local_day\n      started_at\n      start_time_hidden\n      start_offset_seconds\n      distance_m\n      moving_time_s\n      manual\n      has_route\n    }\n  }\n": types.ActivitiesDocument,
    "\n  query ActivityCount {\n    daily_summaries_aggregate {\n      aggregate {\n        sum {\n          activity_count\n        }\n      }\n    }\n  }\n": types.ActivityCountDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Connect($platform: String!, $redirectUri: String) {\n    connectPlatform(platform: $platform, redirectUri: $redirectUri) {\n      authorizationUrl\n      expiresAt\n    }\n  }\n"): typeof import('./graphql.ts').ConnectDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CurrentConsentTexts($platform: String!) {\n    current_consent_texts(where: { platform: { _eq: $platform } }) {\n      purpose\n      version\n      locale\n    }\n  }\n"): typeof import('./graphql.ts').CurrentConsentTextsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Agree($consents: [ConsentInput!]!) {\n    updateConsents(consents: $consents) {\n      consents {\n        platform\n        purpose\n        status\n      }\n    }\n  }\n"): typeof import('./graphql.ts').AgreeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Complete($handle: String, $platform: String, $code: String, $state: String) {\n    completeConnection(handle: $handle, platform: $platform, code: $code, state: $state) {\n      connectionId\n      platform\n      status\n      missingScopes\n      syncRunId\n    }\n  }\n"): typeof import('./graphql.ts').CompleteDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Disconnect($platform: String!) {\n    disconnectPlatform(platform: $platform) {\n      platform\n      status\n      platformConfirmed\n    }\n  }\n"): typeof import('./graphql.ts').DisconnectDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Sync($platform: String!) {\n    syncNow(platform: $platform) {\n      syncRunId\n      syncRun {\n        kind\n        status\n      }\n    }\n  }\n"): typeof import('./graphql.ts').SyncDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Runs($kind: String!) {\n    sync_runs(where: { kind: { _eq: $kind } }, order_by: { started_at: desc }) {\n      id\n      status\n      progress\n      pages_fetched\n      records_fetched\n      error_code\n    }\n  }\n"): typeof import('./graphql.ts').RunsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Summaries {\n    daily_summaries(order_by: { local_day: asc }) {\n      local_day\n      activity_count\n      distance_m\n      moving_time_s\n    }\n  }\n"): typeof import('./graphql.ts').SummariesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Activities {\n    activities(order_by: [{ local_day: asc }, { source_id: asc }]) {\n      source_id\n      source_sport\n      sport\n      local_day\n      started_at\n      start_time_hidden\n      start_offset_seconds\n      distance_m\n      moving_time_s\n      manual\n      has_route\n    }\n  }\n"): typeof import('./graphql.ts').ActivitiesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ActivityCount {\n    daily_summaries_aggregate {\n      aggregate {\n        sum {\n          activity_count\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').ActivityCountDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
